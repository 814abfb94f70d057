//! Reading the matrix.

use reqwest::Method;

/// One operation and what everybody is answered.
#[derive(Debug)]
pub struct Row {
    pub method: Method,
    pub path: String,
    pub thing: String,
    pub who: Who,
    own: Vec<(String, Expected)>,
    other: Vec<(String, Expected)>,
    absent: Vec<(String, Expected)>,
    pub body: String,
}

/// Whom an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Session,
    Client,
    Corrector,
    Staff,
    Admin,
}

/// Whose thing a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Own,
    Other,
    Absent,
}

/// A status and, for a refusal, its code; `page` when it is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub status: u16,
    pub code: Option<String>,
}

/// The matrix.
pub fn rows() -> Vec<Row> {
    lines(include_str!("routes.txt")).map(Row::read).collect()
}

/// Method, path with `{}` for its parameters, and whom it is for, of every operation of the contract.
pub fn contract() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    lines(include_str!("contract.txt")).map(|line| {
        let mut words = line.split_whitespace();
        (words.next().unwrap(), words.next().unwrap(), words.next().unwrap())
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

impl Row {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("a column is missing: {line}"));
        let (method, path, thing, who) = (word(), word(), word(), word());
        let (own, other, absent) = (word(), word(), word());
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            thing: thing.to_owned(),
            who: Who::read(who),
            own: by_caller(own),
            other: by_caller(other),
            absent: by_caller(absent),
            body: words.collect::<Vec<_>>().join(" "),
        }
    }

    /// The name of the operation.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with these values for its parameters, in order.
    pub fn path_of(&self, values: &[String]) -> String {
        let mut left = values.iter();
        let parts = self.path.split('/').map(|part| match part.starts_with('{') {
            true => {
                left.next().unwrap_or_else(|| panic!("{}: its thing names too little", self.name())).as_str()
            }
            false => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Which things to ask about: none but one's own where the path names nothing.
    pub fn places(&self) -> &'static [Place] {
        match self.thing.as_str() {
            // Whoever leaves leaves for themselves.
            "-" | "leaving" => &[Place::Own],
            _ => &[Place::Own, Place::Other, Place::Absent],
        }
    }

    /// What a caller who is let in is answered.
    pub fn expected(&self, caller: &str, place: Place) -> &Expected {
        let answers = match place {
            Place::Own => &self.own,
            Place::Other => &self.other,
            Place::Absent => &self.absent,
        };
        let exception = answers.iter().find(|(name, _)| name == caller);
        let (_, expected) =
            exception.or(answers.first()).unwrap_or_else(|| panic!("{}: no answer", self.name()));
        expected
    }
}

/// `403:CODE;admin=200` as the answer to everyone, then the exceptions.
fn by_caller(text: &str) -> Vec<(String, Expected)> {
    let answers = text.split(';').filter(|answer| *answer != "-");
    let pairs = answers.map(|answer| match answer.split_once('=') {
        Some((caller, answer)) => (caller.to_owned(), Expected::read(answer)),
        None => (String::new(), Expected::read(answer)),
    });
    pairs.collect()
}

impl Expected {
    fn read(text: &str) -> Self {
        let (status, code) = text.split_once(':').map_or((text, None), |(status, code)| (status, Some(code)));
        let status = status.parse().unwrap_or_else(|_| panic!("{text} is no status"));
        let usual = match status {
            400 => Some("VALIDATION_ERROR"),
            404 => Some("NOT_FOUND"),
            _ => None,
        };
        Self::new(status, code.or(usual))
    }

    pub fn new(status: u16, code: Option<&str>) -> Self {
        Self { status, code: code.map(str::to_owned) }
    }
}

impl Who {
    fn read(text: &str) -> Self {
        match text {
            "anyone" => Self::Anyone,
            "session" => Self::Session,
            "client" => Self::Client,
            "corrector" => Self::Corrector,
            "staff" => Self::Staff,
            "admin" => Self::Admin,
            other => panic!("{other} is nobody"),
        }
    }

    /// The name of a caller who is let in.
    pub fn caller(self) -> &'static str {
        match self {
            Self::Anyone => "nobody",
            Self::Session | Self::Client => "client",
            Self::Corrector | Self::Staff => "corrector",
            Self::Admin => "admin",
        }
    }

    /// Whether the contract's word for it means the same.
    pub fn agrees(self, auth: &str) -> bool {
        match auth {
            "public" | "internal" | "dev" | "stripe-signature" => self == Self::Anyone,
            "user" | "owner" => !matches!(self, Self::Anyone | Self::Admin),
            "admin" => self == Self::Admin,
            other => panic!("{other} is no word of the contract"),
        }
    }
}
