//! Statements with as many rows or values as there are. The only place where SQL text is put together; nothing but
//! parameter numbers is ever put in.

use std::fmt::Write;

use sqlx::AssertSqlSafe;

/// A statement around a list of groups of parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bulk {
    /// Parameters in the head.
    pub(crate) fixed: usize,
    pub(crate) head: &'static str,
    /// Parameters of one group.
    pub(crate) width: usize,
    pub(crate) tail: &'static str,
}

impl Bulk {
    /// The statement for `groups` groups: `head ($1, $2), ($3, $4) tail` when the head has no parameters.
    pub(crate) fn of(self, groups: usize) -> AssertSqlSafe<String> {
        let mut text = String::from(self.head);
        let mut parameter = self.fixed;
        for group in 0..groups {
            text.push_str(if group == 0 { " (" } else { ", (" });
            for column in 0..self.width {
                parameter += 1;
                let comma = if column == 0 { "" } else { ", " };
                write!(text, "{comma}${parameter}").expect("memory takes every character");
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        AssertSqlSafe(text)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let insert =
            Bulk { fixed: 0, head: "INSERT INTO t (a, b) VALUES", width: 2, tail: "ON CONFLICT DO NOTHING" };
        assert_eq!(insert.of(2).0, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
    }
}
