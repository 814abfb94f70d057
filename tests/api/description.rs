//! What the API description promises to those who write clients from it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use staka::router;

fn document() -> Value {
    serde_json::to_value(router::build(true).1).unwrap()
}

/// Method, path and operation.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// What a reference leads to, or the value itself.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    target.map_or(value, |target| document.pointer(target).unwrap_or_else(|| panic!("{target} is not there")))
}

/// Where a value that comes in may be of any size.
fn unbounded(document: &Value, schema: &Value, place: &str, found: &mut Vec<String>) {
    let schema = resolve(document, schema);
    for kind in ["allOf", "oneOf", "anyOf"] {
        for (n, variant) in schema[kind].as_array().into_iter().flatten().enumerate() {
            unbounded(document, variant, &format!("{place}/{n}"), found);
        }
    }
    if schema.get("items").is_some() {
        unbounded(document, &schema["items"], &format!("{place}[]"), found);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        unbounded(document, field, &format!("{place}.{name}"), found);
    }
    let is = |name: &str| {
        schema["type"] == name || schema["type"].as_array().is_some_and(|all| all.contains(&name.into()))
    };
    let has = |names: &[&str]| names.iter().any(|name| schema.get(name).is_some());
    let fixed = ["uuid", "date", "date-time", "binary"].iter().any(|format| schema["format"] == *format);
    if is("string") && !fixed && !has(&["enum", "const", "maxLength", "pattern"]) {
        found.push(format!("{place}: a text of any length"));
    }
    if (is("integer") || is("number")) && !(has(&["minimum"]) && has(&["maximum"])) {
        found.push(format!("{place}: a number of any size"));
    }
}

#[test]
fn whatever_comes_in_has_bounds() {
    let document = document();
    let mut found = Vec::new();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let place = format!("{name} {}", parameter["name"]);
            unbounded(&document, &parameter["schema"], &place, &mut found);
        }
        for (kind, media) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            unbounded(&document, &media["schema"], &format!("{name} {kind}"), &mut found);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_body_without_a_required_field_may_be_left_out() {
    let document = document();
    let is_required = |path: &str, method: &str| &document["paths"][path][method]["requestBody"]["required"];
    assert_eq!(is_required("/users/me", "put"), false);
    assert_eq!(is_required("/commandes/{id}/retractation", "post"), false);
    assert_eq!(is_required("/auth/login", "post"), true);
    assert_eq!(is_required("/payments/webhook", "post"), true);
}

#[test]
fn every_answer_is_described_and_every_refusal_has_the_envelope() {
    let document = document();
    let mut wrong = Vec::new();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with(['2', '3'])), "{name} never succeeds");
        for (status, answer) in answers {
            let answer = resolve(&document, answer);
            assert!(!answer["description"].as_str().unwrap_or_default().is_empty(), "{name}: {status}");
            // The report of a health probe is the same whether it is good or bad.
            let page = answer["content"].get("text/html").is_some() || name.starts_with("get /health");
            let body = &answer["content"]["application/json"]["schema"]["$ref"];
            if status.as_str() >= "400" && !page && body != "#/components/schemas/ErrorBody" {
                wrong.push(format!("{name}: {status} has {body}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn refusals_that_any_operation_may_give_are_described_once() {
    let document = document();
    let limited = &document["paths"]["/commandes"]["post"]["responses"];
    for status in ["400", "401", "403", "413", "415", "429", "500", "503"] {
        assert!(limited[status].is_object(), "{status}");
    }
    assert_eq!(limited["429"]["$ref"], "#/components/responses/TooManyRequests");
    let described = &document["components"]["responses"]["TooManyRequests"];
    assert!(described["headers"]["Retry-After"].is_object(), "{described}");
    // What is never limited does not say so.
    assert!(document["paths"]["/health"]["get"]["responses"].get("429").is_none());
}

#[test]
fn it_speaks_one_language() {
    let document = document();
    let mut texts = Vec::new();
    collect(&document, &mut texts);
    assert!(texts.len() > 100);
    for text in texts {
        assert!(!text.contains(|c: char| "éèêàâùûçîïôœ".contains(c)), "{text}");
    }
}

/// Every summary, description and title.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(text) if ["summary", "description", "title"].contains(&key.as_str()) => {
                        texts.push(text)
                    }
                    _ => collect(value, texts),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Two types of one name would be one schema, whichever was met last.
#[test]
fn types_have_names_of_their_own() {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files(&source) {
        let text = std::fs::read_to_string(&file).unwrap();
        for name in described_types(&text) {
            names.entry(name).or_default().push(file.clone());
        }
    }
    assert!(names.len() > 40, "{names:?}");
    let shared: Vec<_> = names.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:#?}");
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path.to_str().unwrap().to_owned()],
        })
        .filter(|path| path.ends_with(".rs"))
        .collect()
}

/// The names of the types of a file that derive `ToSchema`, as the description has them.
fn described_types(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut renamed = None;
        for line in lines.by_ref().filter(|line| !line.trim_start().starts_with("///")) {
            if let Some((_, name)) = line.split_once("schema(as = ") {
                renamed = name.split([')', ',']).next().map(str::to_owned);
            }
            let words = line.split([' ', '<', '(', '{', ';']);
            let mut words = words.skip_while(|word| !["struct", "enum"].contains(word)).skip(1);
            if let Some(name) = words.next() {
                names.push(renamed.unwrap_or_else(|| name.to_owned()));
                break;
            }
        }
    }
    names
}
