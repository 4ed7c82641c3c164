//! From instruction data to the instruction.

/// Finds the instruction that `$data` names, runs it with `$accounts`, and logs its failure if it fails.
///
/// `$instructions` is the module with one function `fn(&mut Inputs, &[u8]) -> Result<()>` for each instruction; the
/// label is its name in the log.
#[macro_export]
macro_rules! dispatch {
    ($program:expr, $accounts:expr, $data:expr; $instructions:ident { $($instruction:ident $label:literal,)* }) => {{
        use $crate::{discriminator, error, event, input::Inputs};
        fn run(accounts: &[pinocchio::AccountView], data: &[u8]) -> error::Result<()> {
            let inputs = &mut Inputs::new(accounts);
            let (found, arguments) = data
                .split_first_chunk::<{ discriminator::LENGTH }>()
                .ok_or(error::AnchorCode::InstructionMissing)?;
            let found: discriminator::Discriminator = *found;
            if found == discriminator::EVENT_TAG {
                return event::accept_self_cpi(inputs, $program);
            }
            $(
                if found == const { discriminator::of_instruction(stringify!($instruction)) } {
                    $crate::log_text(concat!("Instruction: ", $label));
                    return $instructions::$instruction(inputs, arguments);
                }
            )*
            Err(error::AnchorCode::InstructionFallbackNotFound.into())
        }
        run($accounts, $data).map_err(|failure| failure.report())
    }};
}
