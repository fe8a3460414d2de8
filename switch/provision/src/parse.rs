//! Provisioning files and API objects, read.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::check::quoted;
use crate::fields::Finding;
use crate::node::{self, Node, Table};
use crate::{Directory, Entity, Key, Kind, Problem, Reading, read};

/// Octets of one provisioning file.
const FILE_OCTETS: usize = 32 * 1_024 * 1_024;

/// Tables that provisioning files will have in a later version.
const LATER: [&str; 19] = [
    "queue",
    "campaign",
    "list",
    "team",
    "skill",
    "break_reason",
    "disposition",
    "hours",
    "holiday",
    "flow",
    "script",
    "form",
    "phonebook",
    "dnc",
    "tenant",
    "role",
    "webhook",
    "ring_group",
    "token",
];

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The entities, in the order of kinds and then of the file.
    pub entities: Vec<Entity>,
    file: String,
    /// The lines of entities (field empty) and of their fields.
    lines: BTreeMap<(Key, String), u32>,
}

impl Parsed {
    /// Puts the entities into a directory. What the file does not name stays as it is.
    pub fn merge_into(&self, directory: &mut Directory) {
        self.entities.iter().cloned().for_each(|entity| directory.put(entity));
    }

    /// Gives problems of entities that this file holds their file and line.
    pub fn locate(&self, problems: &mut [Problem]) {
        for problem in problems.iter_mut().filter(|problem| problem.file.is_empty()) {
            let Some(key) = &problem.key else { continue };
            let field = problem.field.split(['.', '[']).next().unwrap_or_default();
            let line = |field: &str| self.lines.get(&(key.clone(), field.to_owned())).copied();
            if let Some(line) = line(field).or_else(|| line("")) {
                (problem.file, problem.line) = (self.file.clone(), line);
            }
        }
    }

    fn line(&self, key: &Key) -> Option<u32> {
        self.lines.get(&(key.clone(), String::new())).copied()
    }
}

/// Reads a provisioning file. What entities mean together is for `check`.
///
/// # Errors
/// Everything that is wrong with the file, in the order of its lines.
pub fn parse(file: &str, text: &str, reading: &Reading<'_>) -> Result<Parsed, Vec<Problem>> {
    let lines = Lines::new(file, text);
    if text.len() > FILE_OCTETS {
        return Err(vec![lines.problem(None, 0, "", format!("is longer than {FILE_OCTETS} octets"))]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: &toml::de::Error| {
            let span = error.span().unwrap_or_default();
            lines.problem(None, span.start, "", broken(error.message(), text.get(span)))
        };
        let mut problems: Vec<Problem> = errors.iter().map(problem).collect();
        problems.sort_by_key(|problem| problem.line);
        return Err(problems);
    }
    let mut parsed = Parsed { file: file.to_owned(), ..Parsed::default() };
    let mut problems = Vec::new();
    let tables = node::from_toml(table.get_ref());
    for entry in &tables {
        if !Kind::ALL.iter().any(|kind| kind.word() == entry.name) {
            problems.push(lines.problem(None, entry.key_at, "", unknown_table(&entry.name)));
        }
    }
    for kind in Kind::ALL {
        let Some(entry) = tables.iter().find(|entry| entry.name == kind.word()) else { continue };
        let Some(items) = entry.node.list() else {
            let reason = format!("found {}; allowed: [[{}]]", entry.node.described(), entry.name);
            problems.push(lines.problem(None, entry.key_at, &entry.name, reason));
            continue;
        };
        for item in items {
            match item.table() {
                Some(entries) => {
                    add(*kind, entries, item.at, reading, &lines, &mut parsed, &mut problems);
                }
                None => {
                    let reason = format!("found {}; allowed: [[{}]]", item.described(), entry.name);
                    problems.push(lines.problem(None, item.at, &entry.name, reason));
                }
            }
        }
    }
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() { Ok(parsed) } else { Err(problems) }
}

/// Reads one entity from the API's JSON; the fields are those of a provisioning file.
///
/// # Errors
/// Everything that is wrong with it, each with its field.
pub fn entity_from_json(
    kind: Kind,
    json: &serde_json::Value,
    reading: &Reading<'_>,
) -> Result<Entity, Vec<Problem>> {
    let node = Node::from_json(json);
    let Some(entries) = node.table() else {
        let reason = format!("found {}; allowed: an object", node.described());
        let (file, field) = (String::new(), String::new());
        return Err(vec![Problem { file, line: 0, key: None, field, reason }]);
    };
    let (entity, findings) = read::entity(kind, entries, 0, reading);
    if findings.is_empty() {
        return Ok(entity);
    }
    let key = entity.key();
    Err(findings.into_iter().map(|it| Problem::of(&key, &it.field, it.reason)).collect())
}

fn add(
    kind: Kind,
    entries: &Table,
    at: usize,
    reading: &Reading<'_>,
    lines: &Lines<'_>,
    parsed: &mut Parsed,
    problems: &mut Vec<Problem>,
) {
    let (entity, findings) = read::entity(kind, entries, at, reading);
    let key = entity.key();
    if let Some(first) = parsed.line(&key).filter(|_| !key.name.is_empty()) {
        problems.push(lines.problem(Some(&key), at, "", format!("stands twice, first in line {first}")));
    }
    for Finding { field, at, reason } in findings {
        problems.push(lines.problem(Some(&key), at, &field, reason));
    }
    for entry in entries {
        parsed.lines.insert((key.clone(), entry.name.clone()), lines.line(entry.key_at));
    }
    parsed.lines.insert((key, String::new()), lines.line(at));
    parsed.entities.push(entity);
}

/// What the TOML reader says, with the key where it leaves that out.
fn broken(message: &str, place: Option<&str>) -> String {
    match place.filter(|place| message == "duplicate key" && !place.is_empty()) {
        Some(key) => format!("{message} {}", quoted(key)),
        None => message.to_owned(),
    }
}

fn unknown_table(name: &str) -> String {
    let known: Vec<String> = Kind::ALL.iter().map(|kind| format!("[[{}]]", kind.word())).collect();
    if LATER.contains(&name) {
        return format!("[[{name}]] is not available in this version yet; allowed: {}", known.join(", "));
    }
    let name: String = name.chars().take(80).collect();
    format!("found {name:?}; allowed: {}", known.join(", "))
}

/// Where the lines of a file begin.
struct Lines<'a> {
    file: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a str, text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n').map(|(at, _)| at + 1);
        Self { file, starts: after.collect() }
    }

    /// The line of an offset, from 1.
    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at) + 1).unwrap_or(u32::MAX)
    }

    fn problem(&self, key: Option<&Key>, at: usize, field: &str, reason: String) -> Problem {
        Problem {
            file: self.file.to_owned(),
            line: self.line(at),
            key: key.filter(|key| !key.name.is_empty()).cloned(),
            field: field.to_owned(),
            reason,
        }
    }
}
