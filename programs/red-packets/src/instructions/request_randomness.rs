use crate::{error::Code, events::PacketVrfRequested, state::Packet};
use program_kit::{
    clock,
    count::Count,
    error::{require, Result},
    event::emit,
    input::{arguments, Inputs},
};

#[inline(never)]
pub fn request_randomness(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let request_id: [u8; 32] = arguments(data)?;
    let mut packet = inputs.take("packet")?.writable()?.load::<Packet>()?;
    let creator = inputs.take("creator")?.signer()?;
    let now = clock::now()?;

    packet.require_creator(creator.address())?;
    let oracle = packet.oracle.ok_or(Code::RandomnessNotNeeded)?;
    require(packet.request_id.is_none(), Code::RandomnessAlreadyRequested)?;
    packet.require_open()?;
    packet.require_unexpired(now)?;

    packet.request_id = Some(request_id);
    packet.revision.increase(1)?;
    packet.save()?;

    emit(&PacketVrfRequested {
        packet: packet.address(),
        creator: &packet.creator,
        oracle: &oracle,
        request_id,
        revision: packet.revision,
        requested_at: now,
    })
}
