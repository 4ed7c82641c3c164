use crate::{
    account::NewAccount,
    clock,
    count::Count,
    error::Result,
    events::{CommentAdded, SelfCpi},
    input::{arguments, Inputs},
    limits, pda,
    state::{Comment, Promotion},
};
use alloc::string::String;

#[inline(never)]
pub fn add_comment(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let text: String = arguments(data)?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let comment = inputs.take("comment")?.writable()?;
    let author = inputs.take("author")?.signer()?.writable()?;
    inputs.system_program()?;
    let self_cpi = SelfCpi::take(inputs)?;

    limits::comment(&text)?;
    let index = promotion.comment_count.to_le_bytes();
    let pda = pda::find(&[pda::COMMENT, promotion.address().as_ref(), &index]);
    let input = comment.at(&pda)?;
    let seeds: &[&[u8]] = &[pda::COMMENT, promotion.address().as_ref(), &index, &[pda.bump]];
    let comment = NewAccount { input, payer: &author.view, seeds }.with(Comment {
        revision: 1,
        promotion: *promotion.address(),
        author: *author.address(),
        index: promotion.comment_count,
        text,
        created_at: clock::now()?,
        bump: pda.bump,
    })?;
    promotion.comment_count.increase(1)?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    self_cpi.emit(&CommentAdded {
        comment: comment.address(),
        promotion: promotion.address(),
        author: author.address(),
        index: comment.index,
        text: &comment.text,
        revision: comment.revision,
        promotion_revision: promotion.revision,
        promotion_comment_count: promotion.comment_count,
        created_at: comment.created_at,
    })
}
