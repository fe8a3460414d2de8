-- What other systems know a call by, and what its caller's side told the callee's.
ALTER TABLE calls ADD COLUMN session_id TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN user_to_user TEXT NOT NULL DEFAULT '';
