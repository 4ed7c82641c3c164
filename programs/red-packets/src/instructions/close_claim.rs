use crate::{
    error::Code,
    events::PacketClaimClosed,
    state::{Packet, PacketClaim},
};
use program_kit::{
    clock,
    count::Count,
    error::{require, Result},
    event::emit,
    input::Inputs,
};

/// Only once nobody can claim from the packet any more: the claim is what keeps a wallet from claiming twice.
#[inline(never)]
pub fn close_claim(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut claim = inputs.take("claim")?.writable()?.load::<PacketClaim>()?;
    let packet = inputs.take("packet")?;
    let payer = inputs.take("payer")?.signer()?.writable()?;
    let now = clock::now()?;

    claim.require_payer(payer.address())?;
    let packet = packet.is(&claim.packet)?;
    // A closed packet never comes back.
    let is_over = packet.is_vacant() || packet.load::<Packet>()?.is_over(now);
    require(is_over, Code::PacketStillOpen)?;

    claim.revision.increase(1)?;
    emit(&PacketClaimClosed {
        claim: claim.address(),
        packet: &claim.packet,
        claimer: &claim.claimer,
        payer: &claim.payer,
        revision: claim.revision,
        closed_at: now,
    })?;
    claim.close(&payer.view)
}
