//! How losses lie: one by one, or together.

/// Packets in a row that came, after which a loss belongs to no burst (RFC 3611 §4.7.2).
const GAP: u32 = crate::rtcp::BURST_GAP as u32;

/// Counts losses as they lie among packets (RFC 3611 A.2; its names end in the same digits).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bursts {
    /// Packets that came since the last loss.
    came: u32,
    /// Losses since the last gap.
    lost: u32,
    came_in_gaps: u32,
    came_in_bursts: u32,
    gap_to_burst: u32,
    lone: u32,
    again: u32,
    in_a_row: u32,
}

/// What they amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    /// Share of packets lost within bursts and within gaps, 0…1.
    pub(crate) burst_density: f32,
    pub(crate) gap_density: f32,
    /// Mean lengths in packets.
    pub(crate) burst: f32,
    pub(crate) gap: f32,
}

impl Bursts {
    /// So many packets were lost, then one came.
    pub(crate) fn came_after(&mut self, lost: u16) {
        for _ in 0..lost {
            self.lose();
        }
        self.came = self.came.saturating_add(1);
    }

    fn lose(&mut self) {
        if self.came >= GAP {
            match self.lost {
                0 => {}
                1 => self.lone = self.lone.saturating_add(1),
                2.. => self.gap_to_burst = self.gap_to_burst.saturating_add(1),
            }
            self.lost = 1;
            self.came_in_gaps = self.came_in_gaps.saturating_add(self.came);
        } else {
            self.lost = self.lost.saturating_add(1);
            if self.came == 0 {
                self.in_a_row = self.in_a_row.saturating_add(1);
            } else {
                self.again = self.again.saturating_add(1);
                self.came_in_bursts = self.came_in_bursts.saturating_add(self.came - 1);
            }
        }
        self.came = 0;
    }

    /// How many are lost in a row, beside how many it would be if as many were lost at random (ITU-T G.107 §7.5).
    pub(crate) fn ratio(&self, loss: f32) -> f32 {
        if self.lost == 0 {
            return 1.0;
        }
        // The first row of all is counted nowhere.
        let rows = self.lone as f32 + self.gap_to_burst as f32 + self.again as f32 + 1.0;
        ((rows + self.in_a_row as f32) / rows * (1.0 - loss.clamp(0.0, 0.99))).max(1.0)
    }

    pub(crate) fn shape(&self) -> Shape {
        let came_in_gaps = self.came_in_gaps.saturating_add(self.came);
        let [lone, turns, again, row] =
            [self.lone, self.gap_to_burst, self.again, self.in_a_row].map(|count| count as f32);
        let (gaps, bursts) = (came_in_gaps as f32, self.came_in_bursts as f32);
        let to_came = if turns + again + row > 0.0 { again / (turns + again + row) } else { 0.0 };
        let to_lost = if bursts + again < 1.0 { 1.0 } else { 1.0 - bursts / (bursts + again) };
        let gap_density = if gaps + lone > 0.0 { lone / (gaps + lone) } else { 0.0 };
        if turns == 0.0 {
            return Shape { burst_density: 0.0, gap_density, burst: 0.0, gap: gaps + lone };
        }
        let all = gaps + lone + turns + bursts + again + turns + again + row;
        let gap = (gaps + lone + turns) / turns;
        Shape { burst_density: to_lost / (to_lost + to_came), gap_density, burst: all / turns - gap, gap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lost_before_each: impl IntoIterator<Item = u16>) -> Bursts {
        let mut bursts = Bursts::default();
        lost_before_each.into_iter().for_each(|lost| bursts.came_after(lost));
        bursts
    }

    #[test]
    fn lone_losses_are_no_bursts_and_losses_in_a_row_are() {
        let lone = after((0..1_000).map(|n| u16::from(n % 50 == 49)));
        assert_eq!((lone.shape().burst_density, lone.ratio(0.02)), (0.0, 1.0));
        assert!((0.015..0.025).contains(&lone.shape().gap_density), "{:?}", lone.shape());
        let together = after((0..1_000).map(|n| if n % 100 == 99 { 5 } else { 0 }));
        let shape = together.shape();
        assert!(shape.burst_density > 0.9 && (3.0..8.0).contains(&shape.burst), "{shape:?}");
        assert!((4.5..5.0).contains(&together.ratio(0.05)), "{}", together.ratio(0.05));
    }
}
