//! What is set up.

use ::provision::{Change, Directory, Entity, Key, Kind};
use base::Wall;

use crate::db::{bound, reading, transaction};
use crate::{Store, StoreError, lenient, sql};

impl Store {
    /// Everything that is set up. Fields that this version does not know are left out with a warning.
    ///
    /// # Errors
    /// When an entity cannot be read, with its key, or the database fails.
    pub async fn load_directory(&self) -> Result<Directory, StoreError> {
        let mut directory = Directory::default();
        reading!(&self.db, pool => {
            let mut transaction = pool.begin().await?;
            let mut last = (String::new(), String::new());
            loop {
                let page: Vec<(String, String, String)> = sqlx::query_as(sql::LOAD_PROVISION)
                    .bind(self.tenant())
                    .bind(&last.0)
                    .bind(&last.1)
                    .fetch_all(&mut *transaction)
                    .await?;
                let Some((kind, name, _)) = page.last() else { break };
                last = (kind.clone(), name.clone());
                take_in(&mut directory, page)?;
            }
        });
        Ok(directory)
    }

    /// How often what is set up has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revision(&self) -> Result<u64, StoreError> {
        let revision: i64 = reading!(&self.db, pool => {
            sqlx::query_scalar(sql::REVISION).bind(self.tenant()).fetch_one(pool).await?
        });
        Ok(unsigned(revision))
    }

    /// Makes the changes, all or none, whatever was there before, and returns the new revision. With `expected` only when nobody changed
    /// anything since that revision.
    ///
    /// # Errors
    /// `Conflict` when somebody did, and when the database fails.
    pub async fn apply(
        &self,
        changes: &[Change],
        expected: Option<u64>,
        now: Wall,
    ) -> Result<u64, StoreError> {
        let (tenant, now) = (self.tenant(), now.millis());
        let revision = transaction!(&self.db, transaction => {
            let next = sqlx::query_scalar(sql::NEXT_REVISION).bind(tenant).bind(now);
            let revision: i64 = next.fetch_one(&mut *transaction).await?;
            check(expected, unsigned(revision - 1))?;
            for change in changes {
                match change {
                    Change::Added(entity) | Change::Changed { entity, .. } => {
                        let Key { kind, name } = entity.key();
                        let query = bound!(sqlx::query(sql::PUT_PROVISION);
                            tenant, kind.word(), name, body(entity), now);
                        query.execute(&mut *transaction).await?;
                    }
                    Change::Removed(Key { kind, name }) => {
                        let query = bound!(sqlx::query(sql::REMOVE_PROVISION); tenant, kind.word(), name.as_str());
                        query.execute(&mut *transaction).await?;
                    }
                }
            }
            revision
        });
        Ok(unsigned(revision))
    }
}

fn check(expected: Option<u64>, found: u64) -> Result<(), StoreError> {
    match expected {
        Some(expected) if expected != found => Err(StoreError::Conflict { expected, found }),
        Some(_) | None => Ok(()),
    }
}

fn unsigned(revision: i64) -> u64 {
    u64::try_from(revision).unwrap_or(0)
}

/// A page of rows; pages keep what a large directory costs to load small.
fn take_in(directory: &mut Directory, page: Vec<(String, String, String)>) -> Result<(), StoreError> {
    for (kind, name, body) in page {
        let Some(known) = Kind::ALL.iter().find(|known| known.word() == kind) else {
            tracing::warn!(kind, name, "stored entity of another version left out");
            continue;
        };
        let entity =
            entity(*known, &body).map_err(|error| StoreError::row(format!("{kind} {name}"), error))?;
        directory.put(entity);
    }
    Ok(())
}

fn entity(kind: Kind, body: &str) -> Result<Entity, serde_json::Error> {
    match kind {
        Kind::Trunk => lenient::from_str(body).map(Entity::Trunk),
        Kind::User => lenient::from_str(body).map(Entity::User),
        Kind::Station => lenient::from_str(body).map(Entity::Station),
        Kind::Number => lenient::from_str(body).map(Entity::Number),
        Kind::DialRule => lenient::from_str(body).map(Entity::DialRule),
        Kind::RecordingPolicy => lenient::from_str(body).map(Entity::RecordingPolicy),
        Kind::Conference => lenient::from_str(body).map(Entity::Conference),
        Kind::Mailbox => lenient::from_str(body).map(Entity::Mailbox),
        Kind::FeatureCode => lenient::from_str(body).map(Entity::FeatureCode),
        Kind::Phone => lenient::from_str(body).map(Entity::Phone),
        Kind::Phonebook => lenient::from_str(body).map(Entity::Phonebook),
        Kind::Group => lenient::from_str(body).map(Entity::Group),
        Kind::Parking => lenient::from_str(body).map(Entity::Parking),
        Kind::Hours => lenient::from_str(body).map(Entity::Hours),
        Kind::Holiday => lenient::from_str(body).map(Entity::Holiday),
    }
}

fn body(entity: &Entity) -> String {
    let body = match entity {
        Entity::Trunk(it) => serde_json::to_string(it),
        Entity::User(it) => serde_json::to_string(it),
        Entity::Station(it) => serde_json::to_string(it),
        Entity::Number(it) => serde_json::to_string(it),
        Entity::DialRule(it) => serde_json::to_string(it),
        Entity::RecordingPolicy(it) => serde_json::to_string(it),
        Entity::Conference(it) => serde_json::to_string(it),
        Entity::Mailbox(it) => serde_json::to_string(it),
        Entity::FeatureCode(it) => serde_json::to_string(it),
        Entity::Phone(it) => serde_json::to_string(it),
        Entity::Phonebook(it) => serde_json::to_string(it),
        Entity::Group(it) => serde_json::to_string(it),
        Entity::Parking(it) => serde_json::to_string(it),
        Entity::Hours(it) => serde_json::to_string(it),
        Entity::Holiday(it) => serde_json::to_string(it),
    };
    body.expect("entities have only string keys")
}
