//! A database of its own for each test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Store;
use crate::tests::postgres;

/// Where one test's store is; removed at the end.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    folder: Option<PathBuf>,
}

impl Place {
    /// A file in a folder of its own.
    pub(crate) fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("tandem-store-{}-{}", std::process::id(), number()));
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        Self { url: format!("sqlite:{}", folder.join("tandem.db").display()), folder: Some(folder) }
    }

    /// A database in this process's server.
    pub(crate) async fn postgres() -> Self {
        Self { url: postgres::new_database(&format!("contract_{}", number())).await, folder: None }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.expect("the store opens")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
