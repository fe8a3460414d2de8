//! Applying files: from texts to what will change.

use std::collections::BTreeMap;

use crate::{Change, Directory, Key, Problem, Reading, check, diff, parse};

/// What applying some files would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything as it will be.
    pub wanted: Directory,
    /// What changes; empty when all is so already.
    pub changes: Vec<Change>,
}

/// Reads files by name and text, and says what they change of `reading.current`. Entities that no file
/// names stay as they are.
///
/// # Errors
/// Everything that is wrong with the files, alone and together with what is set up.
pub fn plan(files: &[(&str, &str)], reading: &Reading<'_>) -> Result<Plan, Vec<Problem>> {
    let (mut parsed, mut problems) = (Vec::new(), Vec::new());
    for (name, text) in files {
        match parse(name, text, reading) {
            Ok(file) => parsed.push(file),
            Err(mut found) => problems.append(&mut found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut first: BTreeMap<Key, &str> = BTreeMap::new();
    for (file, (name, _)) in parsed.iter().zip(files) {
        for key in file.entities.iter().map(crate::Entity::key) {
            if let Some(other) = first.insert(key.clone(), name) {
                let mut twice = [Problem::of(&key, "", format!("stands twice, first in {other}"))];
                file.locate(&mut twice);
                problems.extend(twice);
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut wanted = reading.current.clone();
    parsed.iter().for_each(|file| file.merge_into(&mut wanted));
    let mut problems = check(&wanted);
    if problems.is_empty() {
        return Ok(Plan { changes: diff(reading.current, &wanted), wanted });
    }
    parsed.iter().for_each(|file| file.locate(&mut problems));
    problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Err(problems)
}
