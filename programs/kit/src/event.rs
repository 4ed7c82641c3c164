//! Events, by log or by self-CPI.

use crate::{
    discriminator::{Discriminator, EVENT_TAG},
    error::{AnchorCode, Result},
    input::{Input, Inputs},
    pda,
};
use alloc::vec::Vec;
use borsh::BorshSerialize;
use pinocchio::{
    cpi::invoke_signed,
    instruction::{InstructionAccount, InstructionView},
};
use solana_address::Address;

const EVENT_AUTHORITY: &[u8] = b"__event_authority";

pub trait Event: BorshSerialize {
    const DISCRIMINATOR: Discriminator;
}

/// Declares event structs, with the lifetime `'a` for what they borrow.
#[macro_export]
macro_rules! events {
    ($($(#[$attribute:meta])* $name:ident { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$attribute])*
        #[derive(borsh::BorshSerialize)]
        pub struct $name<'a> {
            $(pub $field: $type,)*
        }

        impl $crate::event::Event for $name<'_> {
            const DISCRIMINATOR: $crate::discriminator::Discriminator =
                $crate::discriminator::of_event(stringify!($name));
        }
    )*};
}

/// Anchor's `emit!`: a `Program data:` log line.
pub fn emit(event: &impl Event) -> Result<()> {
    sbpf_runtime::log::data(&encode(&[], event)?);
    Ok(())
}

/// The accounts `event_authority` and `program` of an instruction that emits by self-CPI.
pub struct SelfCpi {
    program: &'static Address,
    authority: Input,
    bump: u8,
}

impl SelfCpi {
    pub fn take(inputs: &mut Inputs, program: &'static Address) -> Result<Self> {
        let pda = pda::find(program, &[EVENT_AUTHORITY]);
        let authority = inputs.take("event_authority")?.at(&pda)?;
        inputs.program("program", program)?;
        Ok(Self { program, authority, bump: pda.bump })
    }

    /// Anchor's `emit_cpi!`: the event is the data of an inner instruction, where no log limit cuts it off.
    pub fn emit(&self, event: &impl Event) -> Result<()> {
        let data = encode(&EVENT_TAG, event)?;
        let accounts = [InstructionAccount::readonly_signer(self.authority.address())];
        let instruction = InstructionView { program_id: self.program, accounts: &accounts, data: &data };
        pda::sign_as(&[EVENT_AUTHORITY, &[self.bump]], |signers| {
            invoke_signed(&instruction, &[&self.authority.view], signers)
        })?;
        Ok(())
    }
}

/// The other end of [`SelfCpi::emit`]. Only `program` can sign as its event authority, so nobody else's data passes for
/// an event of it.
#[inline(never)]
pub fn accept_self_cpi(inputs: &mut Inputs, program: &Address) -> Result<()> {
    let authority = inputs.take("event_authority")?;
    authority.check(authority.view.is_signer(), AnchorCode::ConstraintSigner)?;
    authority.at(&pda::find(program, &[EVENT_AUTHORITY]))?;
    Ok(())
}

fn encode<E: Event>(prefix: &[u8], event: &E) -> Result<Vec<u8>> {
    /// The bump allocator frees nothing: longer events work, but cost their growth.
    const CAPACITY: usize = 512;
    let mut bytes = Vec::with_capacity(CAPACITY);
    bytes.extend_from_slice(prefix);
    bytes.extend_from_slice(&E::DISCRIMINATOR);
    event.serialize(&mut bytes).map_err(|_| AnchorCode::AccountDidNotSerialize)?;
    Ok(bytes)
}
