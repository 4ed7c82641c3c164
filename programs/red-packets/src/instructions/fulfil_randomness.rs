use crate::{error::Code, events::PacketRandomReady, state::Packet, PROGRAM_ID};
use borsh::BorshDeserialize;
use program_kit::{
    clock,
    count::Count,
    error::{require, Result},
    event::SelfCpi,
    input::{arguments, Inputs},
};

#[derive(BorshDeserialize)]
struct Arguments {
    request_id: [u8; 32],
    randomness: [u8; 32],
}

#[inline(never)]
pub fn fulfil_randomness(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let Arguments { request_id, randomness } = arguments(data)?;
    let mut packet = inputs.take("packet")?.writable()?.load::<Packet>()?;
    let oracle = inputs.take("oracle")?.signer()?;
    let self_cpi = SelfCpi::take(inputs, &PROGRAM_ID)?;
    let now = clock::now()?;

    let expected = packet.oracle.ok_or(Code::RandomnessNotNeeded)?;
    require(&expected == oracle.address(), Code::WrongOracle)?;
    let requested = packet.request_id.ok_or(Code::RandomnessNotRequested)?;
    require(packet.randomness.is_none(), Code::RandomnessAlreadyFulfilled)?;
    require(requested == request_id, Code::WrongRequest)?;
    packet.require_open()?;
    packet.require_unexpired(now)?;

    packet.randomness = Some(randomness);
    packet.revision.increase(1)?;
    packet.save()?;

    self_cpi.emit(&PacketRandomReady {
        packet: packet.address(),
        oracle: oracle.address(),
        request_id,
        randomness,
        revision: packet.revision,
        ready_at: now,
    })
}
