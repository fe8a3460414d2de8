//! Has the crate built again when a migration changes, since `migrate!` embeds them.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
