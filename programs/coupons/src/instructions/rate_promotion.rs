use crate::{
    account::NewAccount,
    clock,
    count::Count,
    error::{Code, Result},
    events::{emit, PromotionRated},
    input::{arguments, Inputs},
    limits, pda,
    state::{Promotion, Rating},
};

#[inline(never)]
pub fn rate_promotion(inputs: &mut Inputs, data: &[u8]) -> Result<()> {
    let stars: u8 = arguments(data)?;
    let mut promotion = inputs.take("promotion")?.writable()?.load::<Promotion>()?;
    let rating = inputs.take("rating")?.writable()?;
    let rater = inputs.take("rater")?.signer()?.writable()?;
    inputs.system_program()?;
    let now = clock::now()?;

    limits::stars(stars)?;
    let pda = pda::find(&[pda::RATING, promotion.address().as_ref(), rater.address().as_ref()]);
    let rating = rating.at(&pda)?;

    let (rating, previous_stars) = if rating.is_vacant() {
        let seeds: &[&[u8]] = &[pda::RATING, promotion.address().as_ref(), rater.address().as_ref(), &[pda.bump]];
        let rating = NewAccount { input: rating, payer: &rater.view, seeds }.with(Rating {
            revision: 1,
            promotion: *promotion.address(),
            rater: *rater.address(),
            stars,
            rated_at: now,
            bump: pda.bump,
        })?;
        promotion.rating_count.increase(1)?;
        (rating, 0)
    } else {
        let mut rating = rating.load::<Rating>()?;
        let previous_stars = core::mem::replace(&mut rating.stars, stars);
        rating.rated_at = now;
        rating.revision.increase(1)?;
        rating.save()?;
        (rating, previous_stars)
    };
    let others = promotion.rating_sum.checked_sub(u64::from(previous_stars)).ok_or(Code::ArithmeticOverflow)?;
    promotion.rating_sum = others;
    promotion.rating_sum.increase(u64::from(stars))?;
    promotion.revision.increase(1)?;
    promotion.save()?;

    emit(&PromotionRated {
        rating: rating.address(),
        promotion: promotion.address(),
        rater: rater.address(),
        stars,
        previous_stars,
        revision: rating.revision,
        promotion_revision: promotion.revision,
        promotion_rating_count: promotion.rating_count,
        promotion_rating_sum: promotion.rating_sum,
        rated_at: now,
    })
}
