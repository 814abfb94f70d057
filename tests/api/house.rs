//! The house rules a compiler does not know: one owner per table, no circles between folders, small rooms.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What puts the others together, or is put on top of them: no part of the order.
const ABOVE: [&str; 6] = ["app", "cli", "launch", "lib", "main", "router"];

const LONGEST_FILE: usize = 450;
const LONGEST_FUNCTION: usize = 80;

/// A file of `src/`, without its unit tests and its comments.
struct Room {
    /// From `src/`.
    path: String,
    /// Its top-level folder, or its own name.
    folder: String,
    lines: Vec<String>,
}

fn rooms() -> Vec<Room> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                let folder = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
                let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
                rooms.push(Room { path: name, folder, lines });
            }
        }
    }
    rooms
}

impl Room {
    /// The code alone: no comments, no unit tests.
    fn code(&self) -> String {
        let lines = self.lines.iter().map(|line| line.trim()).filter(|line| !line.starts_with("//"));
        let code = lines.collect::<Vec<_>>().join(" ");
        code.split("#[cfg(test)] mod").next().unwrap_or_default().to_owned()
    }

    /// The tables it writes, each with what follows its name.
    fn writes(&self) -> Vec<(String, String)> {
        let code = self.code();
        let verbs = ["INSERT INTO ", "INSERT IGNORE INTO ", "REPLACE INTO ", "UPDATE ", "DELETE FROM "];
        let after =
            verbs.iter().flat_map(|verb| code.match_indices(verb).map(|(at, _)| &code[at + verb.len()..]));
        after.map(|rest| (word(rest), rest.split("WHERE").next().unwrap_or_default().to_owned())).collect()
    }

    /// The folders it imports.
    fn imports(&self) -> BTreeSet<String> {
        let code = self.code();
        let mut imports = BTreeSet::new();
        for (at, start) in code.match_indices("crate::") {
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(group) => imports.extend(heads(group)),
                None => imports.extend([word(rest)]),
            }
        }
        imports.retain(|import| *import != self.folder && !ABOVE.contains(&import.as_str()));
        imports
    }

    /// Its functions that are too long.
    fn long_functions(&self) -> Vec<String> {
        let mut long = Vec::new();
        for (start, line) in self.lines.iter().enumerate() {
            let body = line.trim_start();
            let is_function =
                body.split('(').next().is_some_and(|head| head.split(' ').any(|word| word == "fn"));
            if !is_function || body.starts_with("//") || line.ends_with('}') || line.ends_with(';') {
                continue;
            }
            let end = format!("{}}}", &line[..line.len() - body.len()]);
            let length = self.lines[start..].iter().position(|line| *line == end).unwrap_or_default() + 1;
            if length > LONGEST_FUNCTION {
                long.push(format!("{}: {length} lines from `{body}`", self.path));
            }
        }
        long
    }
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The first word of every item of a `{a, b::{c, d}}`, from behind its brace.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut fresh) = (1, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            ' ' | ',' => {}
            _ if fresh => {
                heads.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn tables() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    files
        .filter_map(|sql| sql.split_once("CREATE TABLE IF NOT EXISTS ").map(|(_, rest)| word(rest)))
        .collect()
}

/// One exception, which this does not see because its tables are named by data: `import` fills an empty database once,
/// with rows that no service could make (old ids, old dates, old numbers) and no happening may tell anybody of.
#[test]
fn every_table_is_written_by_one_folder() {
    let tables = tables();
    assert!(tables.contains("commandes") && tables.len() > 20, "{tables:?}");
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for room in rooms() {
        for (table, _) in room.writes() {
            if tables.contains(&table) {
                writers.entry(table).or_default().insert(room.folder.clone());
            }
        }
    }
    assert!(writers.contains_key("commandes"), "{writers:?}");
    writers.retain(|_, folders| folders.len() > 1);
    assert!(writers.is_empty(), "written from several folders: {writers:#?}");
}

#[test]
fn only_moves_write_where_an_order_stands() {
    let writes =
        |room: &Room| room.writes().iter().any(|(table, set)| table == "commandes" && set.contains("statut"));
    let writers: Vec<_> = rooms().into_iter().filter(writes).map(|room| room.path).collect();
    assert_eq!(writers, ["commandes/moves.rs"]);
}

/// The words of the ENUM columns: states, roles, kinds.
fn states() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut states = BTreeSet::new();
    for sql in files {
        for set in sql.split("ENUM(").skip(1) {
            let words = set.split(')').next().unwrap_or_default().split(',');
            let words = words.map(|word| word.trim().trim_matches('\''));
            states.extend(words.filter(|word| is_state(word)).map(str::to_owned));
        }
    }
    states
}

/// In capitals, and longer than the code of a country.
fn is_state(word: &str) -> bool {
    word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[test]
fn no_state_is_compared_as_text() {
    let states = states();
    assert!(states.contains("EN_ATTENTE") && states.len() > 30, "{states:?}");
    let mut compared = Vec::new();
    for room in rooms() {
        let code = room.code();
        for (at, quoted) in
            code.match_indices('"').filter_map(|(at, _)| Some((at, code[at + 1..].split('"').next()?)))
        {
            let (before, after) =
                (code[..at].trim_end(), code[at + 1 + quoted.len()..].trim_start_matches('"').trim_start());
            let beside = ["==", "!="].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign));
            let arm = after.starts_with("=>") || after.starts_with("if ") || before.ends_with('|');
            if states.contains(quoted) && (beside || arm) {
                compared.push(format!("{}: \"{quoted}\"", room.path));
            }
        }
    }
    assert!(compared.is_empty(), "{compared:#?}");
}

#[test]
fn no_folders_import_each_other_in_a_circle() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for room in rooms().into_iter().filter(|room| !ABOVE.contains(&room.folder.as_str())) {
        imports.entry(room.folder.clone()).or_default().extend(room.imports());
    }
    // What imports nothing that is left, or is imported by nothing that is left, is no part of a circle.
    while let Some(done) = imports.keys().find(|folder| is_end(&imports, folder)).cloned() {
        imports.remove(&done);
        for to in imports.values_mut() {
            to.remove(&done);
        }
    }
    assert!(imports.is_empty(), "circles among: {imports:#?}");
}

fn is_end(imports: &BTreeMap<String, BTreeSet<String>>, folder: &str) -> bool {
    let reaches = imports[folder].iter().any(|to| imports.contains_key(to));
    let reached = imports.values().any(|to| to.contains(folder));
    !reaches || !reached
}

#[test]
fn no_room_is_too_large() {
    let rooms = rooms();
    let mut large: Vec<String> = rooms.iter().flat_map(Room::long_functions).collect();
    large.extend(
        rooms
            .iter()
            .filter(|room| room.lines.len() > LONGEST_FILE)
            .map(|room| format!("{}: {} lines", room.path, room.lines.len())),
    );
    assert!(large.is_empty(), "{large:#?}");
}
