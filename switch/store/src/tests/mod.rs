//! One contract, every test on both engines.

mod bindings;
mod calls;
mod engines;
mod lasting;
mod phones;
mod postgres;
mod provision;
mod recordings;
mod secrets;
mod settings;
mod voicemail;

/// Runs each named test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let place = crate::tests::engines::Place::sqlite();
                super::$name(&place.open().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let place = crate::tests::engines::Place::postgres().await;
                super::$name(&place.open().await).await;
            })+
        }
    };
}

use on_both;
