use crate::{
    error::Code,
    events::PacketClaimed,
    pda,
    share::{self, Left, Lot},
    state::{Packet, PacketClaim, PacketKind, PacketStatus},
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
use solana_address::Address;

#[inline(never)]
pub fn claim(inputs: &mut Inputs, _data: &[u8]) -> Result<()> {
    let mut packet = inputs.take("packet")?.writable()?.load::<Packet>()?;
    let claim = inputs.take("claim")?.writable()?;
    let claimer = inputs.take("claimer")?.signer()?.writable()?;
    let payer = inputs.take("payer")?.signer()?.writable()?;
    inputs.system_program()?;
    let token_accounts = TokenAccounts::take(inputs, "claimer_token")?;
    let now = clock::now()?;

    let pda = pda::claim(packet.address(), claimer.address());
    let claim = claim.at(&pda)?;
    packet.require_open()?;
    packet.require_unexpired(now)?;
    let amount = share_of(&packet, claimer.address())?;
    let payout = Payout::new(&packet, claimer, token_accounts)?;
    require(claim.is_vacant(), Code::AlreadyClaimed)?;
    let index = packet.claimed_count;
    take_share(&mut packet, amount, now)?;

    let claim = Opening { input: claim, packet: &packet, claimer, payer, bump: pda.bump }.open(index, amount, now)?;
    emit_claimed(&claim, &packet)?;
    payout.pay(&packet, amount)
}

/// What the next claim gets if `claimer` makes it.
#[inline(never)]
fn share_of(packet: &Account<Packet>, claimer: &Address) -> Result<u64> {
    let left = Left { amount: packet.remaining_amount, count: packet.remaining_count };
    match packet.kind {
        PacketKind::Equal => Ok(share::equal(left, packet.total_amount, packet.count)),
        PacketKind::Random => {
            let randomness = packet.randomness.as_ref().ok_or(Code::RandomnessNotReady)?;
            Ok(share::random(left, Lot::of(randomness, packet.address(), claimer, packet.claimed_count)))
        }
    }
}

#[inline(never)]
fn take_share(packet: &mut Account<Packet>, amount: u64, now: i64) -> Result<()> {
    packet.remaining_amount.decrease(amount)?;
    packet.remaining_count.decrease(1)?;
    packet.claimed_amount.increase(amount)?;
    packet.claimed_count.increase(1)?;
    if packet.remaining_count == 0 {
        packet.status = PacketStatus::Exhausted;
        packet.settled_at = now;
    }
    packet.revision.increase(1)?;
    packet.save()
}

struct Opening<'a> {
    input: Input,
    packet: &'a Account<Packet>,
    claimer: Input,
    payer: Input,
    bump: u8,
}

impl Opening<'_> {
    #[inline(never)]
    fn open(self, index: u32, amount: u64, now: i64) -> Result<Account<PacketClaim>> {
        let Self { input, packet, claimer, payer, bump } = self;
        let seeds: &[&[u8]] = &[pda::CLAIM, packet.address().as_ref(), claimer.address().as_ref(), &[bump]];
        NewAccount { input, payer: &payer.view, seeds }.with(PacketClaim {
            revision: 1,
            packet: *packet.address(),
            claimer: *claimer.address(),
            payer: *payer.address(),
            index,
            amount,
            claimed_at: now,
            bump,
        })
    }
}

#[inline(never)]
fn emit_claimed(claim: &Account<PacketClaim>, packet: &Account<Packet>) -> Result<()> {
    emit(&PacketClaimed {
        claim: claim.address(),
        packet: packet.address(),
        claimer: &claim.claimer,
        payer: &claim.payer,
        amount: claim.amount,
        index: claim.index,
        revision: claim.revision,
        packet_revision: packet.revision,
        packet_status: packet.status,
        packet_remaining_amount: packet.remaining_amount,
        packet_remaining_count: packet.remaining_count,
        packet_claimed_amount: packet.claimed_amount,
        packet_claimed_count: packet.claimed_count,
        claimed_at: claim.claimed_at,
    })
}
