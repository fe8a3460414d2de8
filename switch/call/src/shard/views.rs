//! What a shard shows of itself.

use std::sync::Arc;

use base::Now;
use base::limits::BANS_LISTED;

use super::Shard;
use crate::view::{BanView, LISTED, Live, RegistrationView, RoomView, ShardView};

impl Shard {
    /// A picture of now, for readers.
    #[must_use]
    pub fn view(&self, now: Now) -> ShardView {
        let mut counters = self.counters.clone();
        for (name, value) in self.stack.stats().named() {
            counters.insert(name, value);
        }
        counters.insert("bans_issued", self.bans.issued() * u64::from(self.is_owner()));
        let calls = self
            .order
            .iter()
            .filter_map(|id| self.calls.get(id))
            .filter(|slot| !slot.call.is_told())
            .map(|slot| slot.call.view(&self.rooms))
            .collect();
        let owner = self.is_owner();
        ShardView {
            calls,
            registrations: self
                .registrar
                .iter()
                .filter(|binding| owner && binding.expires_at > now.wall)
                .take(LISTED)
                .map(RegistrationView::of)
                .collect(),
            registration_count: if owner { self.registrar.count() } else { 0 },
            trunks: self.trunks.views(),
            counters,
            endings: self.endings.clone(),
            workers: self.config.workers,
            has_ports: self.ports.has_begun(),
            bans: match owner {
                true => self.bans.list(now, BANS_LISTED).iter().map(BanView::of).collect(),
                false => Vec::new(),
            },
            guessed: self.pins.attacked(now.mono),
            settings: Arc::clone(&self.settings),
            rooms: match owner {
                true => self.room_views(),
                false => Vec::new(),
            },
            live: self.live(),
        }
    }

    fn room_views(&self) -> Vec<RoomView> {
        let view = |(name, law): (&str, crate::rooms::Law)| RoomView {
            name: name.to_owned(),
            locked: law.locked,
            recorded: law.recorded,
            muted: law.muted,
        };
        self.rooms.names().take(LISTED).map(view).collect()
    }

    /// What is held now; all zero when the last call has ended and its transactions have run out.
    #[must_use]
    pub fn live(&self) -> Live {
        Live {
            calls: self.calls.len(),
            legs: self.order.iter().filter_map(|id| self.calls.get(id)).map(|slot| slot.call.legs_up()).sum(),
            transactions: self.stack.transactions(),
            ports: self.ports.in_use(),
            dialogs: self.dialogs.len(),
            moved: self.moved.len(),
            on_lines: self.floor.len(),
        }
    }
}
