//! Buckets by key in a table that never grows: eight octets a bucket, four to a row.

use base::Mono;

use super::bucket::{Bucket, Rate};

const WAYS: usize = 4;

/// A bounded table of buckets. In a full row the bucket that was asked the longest ago makes room: whoever floods
/// from many addresses forgets his own.
#[derive(Debug)]
pub(super) struct Spots {
    rows: Box<[[Spot; WAYS]]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    /// 0 is empty.
    mark: u32,
    bucket: Bucket,
}

impl Spots {
    /// Room for `spots` buckets, a power of two.
    pub(super) fn new(spots: usize) -> Self {
        let rows = (spots / WAYS).max(1).next_power_of_two();
        Self { rows: vec![[Spot::default(); WAYS]; rows].into_boxed_slice() }
    }

    /// The bucket of a key, full when it is new. Keys are hashes nobody can foresee.
    pub(super) fn at(&mut self, now: Mono, key: u64, rate: Rate) -> &mut Bucket {
        let mark = (u32::try_from(key >> 32).unwrap_or(0)).max(1);
        let row = usize::try_from(key & 0xffff_ffff).unwrap_or(0) & (self.rows.len() - 1);
        let row = &mut self.rows[row];
        let known = row.iter().position(|spot| spot.mark == mark);
        let place = known.unwrap_or_else(|| {
            let idle = |spot: &Spot| if spot.mark == 0 { u32::MAX } else { spot.bucket.idle(now) };
            let longest = (0..WAYS).max_by_key(|at| idle(&row[*at])).unwrap_or(0);
            row[longest] = Spot { mark, bucket: Bucket::full(now, rate) };
            longest
        });
        &mut row[place].bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_buckets_of_their_own_and_a_full_row_forgets_the_one_unused_longest() {
        let rate = Rate { per_sec: 1, burst: 1 };
        let mut spots = Spots::new(4);
        let key = |n: u64| n << 32;
        for n in 1..=4 {
            assert!(spots.at(Mono(n * 1_000), key(n), rate).take(Mono(n * 1_000), rate));
        }
        assert!(!spots.at(Mono(5_000), key(1), rate).take(Mono(5_000), rate), "it is remembered");
        assert!(spots.at(Mono(6_000), key(5), rate).take(Mono(6_000), rate));
        assert!(spots.at(Mono(7_000), key(2), rate).take(Mono(7_000), rate), "number 2 made room");
    }
}
