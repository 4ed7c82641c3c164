use crate::{
    error::Code,
    events::PacketCreated,
    limits, pda,
    state::{Packet, PacketIds, PacketKind, PacketStatus},
    vault::{PacketMint, TokenAccounts, LAMPORTS_DECIMALS},
    PROGRAM_ID,
};
use alloc::string::String;
use borsh::BorshDeserialize;
use pinocchio_system::instructions::Transfer;
use program_kit::{
    account::{Account, NewAccount},
    clock,
    error::{require, Result},
    event::emit,
    input::{arguments, Input, Inputs},
};
use solana_address::Address;

#[derive(BorshDeserialize)]
struct Arguments {
    packet_id: u64,
    kind: PacketKind,
    total_amount: u64,
    count: u32,
    message: String,
    expires_at: i64,
    oracle: Option<Address>,
}

impl Arguments {
    fn validate(&self, now: i64) -> Result<()> {
        limits::shares(self.total_amount, self.count)?;
        limits::message(&self.message)?;
        limits::expiry(self.expires_at, now)?;
        match self.kind {
            PacketKind::Equal => require(self.oracle.is_none(), Code::OracleNotNeeded),
            PacketKind::Random => require(self.oracle.is_some(), Code::OracleMissing),
        }
    }
}

#[inline(never)]
pub fn create_packet(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let arguments: Arguments = arguments(data)?;
    let packet = inputs.take("packet")?.writable()?;
    let packet_ids = inputs.take("packet_ids")?;
    let creator = inputs.take("creator")?.signer()?.writable()?;
    inputs.system_program()?;
    let mint = inputs.take_optional("mint", &PROGRAM_ID)?;
    let token_accounts = TokenAccounts::take(inputs, "creator_token")?;
    let now = clock::now()?;

    arguments.validate(now)?;
    require_unspent(packet_ids, &creator, arguments.packet_id)?;
    let id = arguments.packet_id.to_le_bytes();
    let pda = pda::packet(creator.address(), arguments.packet_id);
    let packet = packet.at(&pda)?;
    require(packet.is_vacant(), Code::PacketAlreadyExists)?;
    let mint = match mint {
        Some(mint) => Some(PacketMint::new(mint, token_accounts, creator.address())?),
        None => None,
    };
    let vault = match &mint {
        Some(mint) => mint.vault_of(packet.address())?,
        None => *packet.address(),
    };

    let seeds: &[&[u8]] = &[pda::PACKET, creator.address().as_ref(), &id, &[pda.bump]];
    let packet = NewAccount { input: packet, payer: &creator.view, seeds }.with(Packet {
        revision: 1,
        creator: *creator.address(),
        packet_id: arguments.packet_id,
        kind: arguments.kind,
        status: PacketStatus::Open,
        total_amount: arguments.total_amount,
        count: arguments.count,
        remaining_amount: arguments.total_amount,
        remaining_count: arguments.count,
        claimed_amount: 0,
        claimed_count: 0,
        refunded_amount: 0,
        mint: mint.as_ref().map(|mint| *mint.address()),
        decimals: mint.as_ref().map_or(LAMPORTS_DECIMALS, |mint| mint.decimals),
        vault,
        oracle: arguments.oracle,
        request_id: None,
        randomness: None,
        message: arguments.message,
        expires_at: arguments.expires_at,
        created_at: now,
        settled_at: 0,
        bump: pda.bump,
    })?;
    match &mint {
        Some(mint) => mint.fill(&packet, &creator.view)?,
        None => Transfer { from: &creator.view, to: packet.view(), lamports: packet.total_amount }.invoke()?,
    }
    emit_created(&packet)
}

/// The creator has closed no packet of this id or a higher one.
#[inline(never)]
fn require_unspent(packet_ids: Input, creator: &Input, packet_id: u64) -> Result<()> {
    let pda = pda::packet_ids(creator.address());
    let packet_ids = packet_ids.at(&pda)?;
    if packet_ids.is_vacant() {
        return Ok(());
    }
    packet_ids.load::<PacketIds>()?.require_unspent(packet_id)
}

#[inline(never)]
fn emit_created(packet: &Account<Packet>) -> Result<()> {
    emit(&PacketCreated {
        packet: packet.address(),
        creator: &packet.creator,
        vault: &packet.vault,
        revision: packet.revision,
        packet_id: packet.packet_id,
        kind: packet.kind,
        mint: packet.mint,
        decimals: packet.decimals,
        total_amount: packet.total_amount,
        count: packet.count,
        remaining_amount: packet.remaining_amount,
        remaining_count: packet.remaining_count,
        message: &packet.message,
        oracle: packet.oracle,
        expires_at: packet.expires_at,
        created_at: packet.created_at,
    })
}
