//! Rice codes: small numbers short, in partitions that each have their own idea of "small".

use super::bits::Bits;

/// Highest parameter of the 4-bit method; 15 is the escape, which we never need.
const HIGHEST: u32 = 14;
/// Highest partition order that is tried.
const FINEST: u32 = 6;

/// How a residual will be written.
pub(super) struct Plan {
    partition_order: u32,
    parameters: Vec<u32>,
    /// What it will take, about: the quotients are rounded down.
    pub(super) bits: u64,
}

fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// The parameter for a partition, and its bits.
fn parameter(sum: u64, count: u64) -> (u32, u64) {
    let mut best = (0, u64::MAX);
    for k in 0..=HIGHEST {
        let bits = count * u64::from(k + 1) + (sum >> k);
        if bits < best.1 {
            best = (k, bits);
        }
    }
    best
}

/// The cheapest partitioning of a residual whose block began with `order` warm-up samples.
pub(super) fn plan(residual: &[i32], order: usize) -> Plan {
    let block = residual.len() + order;
    let finest = (0..=FINEST)
        .rev()
        .find(|p| block.is_multiple_of(1 << p) && (block >> p) > order)
        .unwrap_or(0);
    let mut sums = sums(residual, order, block >> finest);
    let mut best: Option<Plan> = None;
    for partition_order in (0..=finest).rev() {
        let length = block >> partition_order;
        let chosen: Vec<(u32, u64)> = sums
            .iter()
            .enumerate()
            .map(|(at, sum)| parameter(*sum, (length - if at == 0 { order } else { 0 }) as u64))
            .collect();
        let bits = 6 + chosen.iter().map(|(_, bits)| bits + 4).sum::<u64>();
        if best.as_ref().is_none_or(|best| bits < best.bits) {
            let parameters = chosen.iter().map(|(k, _)| *k).collect();
            best = Some(Plan {
                partition_order,
                parameters,
                bits,
            });
        }
        sums = sums.chunks(2).map(|pair| pair.iter().sum()).collect();
    }
    best.unwrap_or(Plan {
        partition_order: 0,
        parameters: vec![HIGHEST],
        bits: u64::MAX,
    })
}

/// Sums of the zigzagged residual per partition of `length`; the first lacks the warm-up.
fn sums(residual: &[i32], order: usize, length: usize) -> Vec<u64> {
    let sum = |part: &[i32]| part.iter().map(|value| u64::from(zigzag(*value))).sum();
    let (first, rest) = residual.split_at(length - order);
    core::iter::once(sum(first))
        .chain(rest.chunks(length).map(sum))
        .collect()
}

/// Writes a residual as planned.
pub(super) fn write(out: &mut Bits, residual: &[i32], order: usize, plan: &Plan) {
    let length = (residual.len() + order) >> plan.partition_order;
    out.push(0, 2);
    out.push(u64::from(plan.partition_order), 4);
    let mut rest = residual;
    for (at, k) in plan.parameters.iter().enumerate() {
        let (part, after) = rest.split_at(if at == 0 { length - order } else { length });
        out.push(u64::from(*k), 4);
        for value in part {
            let coded = zigzag(*value);
            out.unary(coded >> k);
            out.push(u64::from(coded), *k);
        }
        rest = after;
    }
}
