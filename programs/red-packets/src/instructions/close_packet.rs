use crate::{
    error::Code,
    events::PacketClosed,
    pda,
    state::{Packet, PacketIds, PacketStatus},
    vault::{Payout, TokenAccounts},
};
use program_kit::{
    account::{Account, NewAccount},
    clock,
    count::Count,
    error::{require, Result},
    event::emit,
    input::{Input, Inputs},
};

#[inline(never)]
pub fn close_packet(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut packet = inputs.take("packet")?.writable()?.load::<Packet>()?;
    let packet_ids = inputs.take("packet_ids")?.writable()?;
    let creator = inputs.take("creator")?.signer()?.writable()?;
    inputs.system_program()?;
    let token_accounts = TokenAccounts::take(inputs, "creator_token")?;
    let now = clock::now()?;

    packet.require_creator(creator.address())?;
    require(packet.status != PacketStatus::Open, Code::PacketStillOpen)?;
    Payout::new(&packet, creator, token_accounts)?.close_vault(&packet, &creator.view)?;
    let ids = spend(packet_ids, &creator, packet.packet_id)?;
    packet.revision.increase(1)?;

    emit(&PacketClosed {
        packet: packet.address(),
        creator: &packet.creator,
        packet_ids: ids.address(),
        revision: packet.revision,
        packet_ids_revision: ids.revision,
        packet_ids_highest_closed_id: ids.highest_closed_id,
        packet_ids_closed_packets: ids.closed_packets,
        closed_at: now,
    })?;
    packet.close(&creator.view)
}

/// Rules out `packet_id`, and all below it, for packets to come.
#[inline(never)]
fn spend(input: Input, creator: &Input, packet_id: u64) -> Result<Account<PacketIds>> {
    let pda = pda::packet_ids(creator.address());
    let input = input.at(&pda)?;
    if input.is_vacant() {
        let seeds: &[&[u8]] = &[pda::PACKET_IDS, creator.address().as_ref(), &[pda.bump]];
        return NewAccount { input, payer: &creator.view, seeds }.with(PacketIds {
            revision: 1,
            creator: *creator.address(),
            highest_closed_id: packet_id,
            closed_packets: 1,
            bump: pda.bump,
        });
    }
    let mut ids = input.load::<PacketIds>()?;
    ids.highest_closed_id = ids.highest_closed_id.max(packet_id);
    ids.closed_packets.increase(1)?;
    ids.revision.increase(1)?;
    ids.save()?;
    Ok(ids)
}
