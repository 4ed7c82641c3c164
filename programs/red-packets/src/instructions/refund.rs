use crate::{
    error::Code,
    events::PacketRefunded,
    state::{Packet, PacketStatus},
    vault::{Payout, TokenAccounts},
    PROGRAM_ID,
};
use program_kit::{
    clock,
    count::Count,
    error::{require, Result},
    event::SelfCpi,
    input::Inputs,
};

#[inline(never)]
pub fn refund(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut packet = inputs.take("packet")?.writable()?.load::<Packet>()?;
    let creator = inputs.take("creator")?.signer()?.writable()?;
    let token_accounts = TokenAccounts::take(inputs, "creator_token")?;
    let self_cpi = SelfCpi::take(inputs, &PROGRAM_ID)?;
    let now = clock::now()?;

    packet.require_creator(creator.address())?;
    packet.require_open()?;
    require(packet.has_expired(now), Code::PacketNotExpired)?;
    let payout = Payout::new(&packet, creator, token_accounts)?;

    let amount = core::mem::take(&mut packet.remaining_amount);
    let unclaimed_count = core::mem::take(&mut packet.remaining_count);
    packet.refunded_amount = amount;
    packet.status = PacketStatus::Refunded;
    packet.settled_at = now;
    packet.revision.increase(1)?;
    packet.save()?;

    self_cpi.emit(&PacketRefunded {
        packet: packet.address(),
        creator: &packet.creator,
        amount,
        unclaimed_count,
        revision: packet.revision,
        remaining_amount: packet.remaining_amount,
        remaining_count: packet.remaining_count,
        claimed_amount: packet.claimed_amount,
        claimed_count: packet.claimed_count,
        refunded_at: now,
    })?;
    payout.pay(&packet, amount)
}
