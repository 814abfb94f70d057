//! Settings: what is documented is what is read, what is missing or unsafe is refused by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    os::unix::ffi::OsStringExt,
};

use staka::{
    config::{Config, Environment, MailTransport, ScannerAddress, Vars},
    invoices::VatRegime,
};

const EXAMPLE: &str = include_str!("../../.env.example");
const README: &str = include_str!("../../README.md");
const MANIFEST: &str = include_str!("../../Cargo.toml");

/// Stands for any value that must not be repeated in a message.
const MARK: &str = "mark-of-a-value";

type Settings = BTreeMap<String, String>;

fn load(settings: &Settings) -> Result<Config, String> {
    Config::load(&settings.clone().into_iter().collect()).map_err(|error| error.to_string())
}

fn is_name(text: &str) -> bool {
    text.len() > 3
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `NAME=value` of a line of `.env.example`, and whether the line is a comment.
fn setting(line: &str) -> Option<(bool, &str, &str)> {
    let (commented, line) = match line.strip_prefix("# ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (name, value) = line.split_once('=')?;
    is_name(name).then(|| (commented, name, value.trim_matches('"')))
}

fn example() -> impl Iterator<Item = (bool, &'static str, &'static str)> {
    EXAMPLE.lines().filter_map(setting)
}

/// `.env.example` as an operator fills it in.
fn production() -> Settings {
    let filled = [
        ("JWT_SECRET", "kV8dPq2LzR7mXw4NtY6bHc9JfS3gAe5U"),
        ("STRIPE_SECRET_KEY", "sk_live_of_the_operator"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_one,whsec_two"),
        ("SMTP_URL", "smtps://user:password@mail.example.com:465"),
        ("COMPANY_NAME", "Staka Livres"),
        ("COMPANY_LEGAL_FORM", "SASU"),
        ("COMPANY_STREET", "1 rue de l’Exemple"),
        ("COMPANY_POSTAL_CODE", "75001"),
        ("COMPANY_CITY", "Paris"),
        ("COMPANY_SIREN", "732 829 320"),
        ("COMPANY_VAT_NUMBER", "FR44732829320"),
        ("VAT_REGIME", "standard"),
    ];
    let mut settings: Settings = example()
        .filter(|(commented, ..)| !commented)
        .map(|(_, name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in filled {
        let place = settings.get_mut(name).unwrap_or_else(|| panic!("{name} is not in .env.example"));
        assert!(place.is_empty(), "{name} has a value in .env.example");
        value.clone_into(place);
    }
    settings
}

fn with(name: &str, value: &str) -> Settings {
    let mut settings = production();
    settings.insert(name.to_owned(), value.to_owned());
    settings
}

/// First cells of the rows of the README's configuration table, with the whole row.
fn documented() -> BTreeMap<String, &'static str> {
    let section = README.split("\n## ").find(|section| section.starts_with("Configuration\n")).unwrap();
    let named = |line: &'static str| Some((line.strip_prefix("| `")?.split_once('`')?.0.to_owned(), line));
    section.lines().filter_map(named).collect()
}

#[test]
fn every_setting_is_documented_and_nothing_else() {
    let vars = Vars::from_iter(
        [
            ("APP_ENV", "development"),
            ("DATABASE_URL", "mysql://localhost/staka"),
            ("JWT_SECRET", &"x".repeat(32)),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    Config::load(&vars).unwrap();
    let mut read: BTreeSet<String> = vars.asked().into_iter().collect();
    // Asked by `staka dev` before there is a configuration, and by docker-compose.yml.
    read.extend(["STAKA_VAR_DIR", "MYSQL_PASSWORD"].map(str::to_owned));

    let shown: BTreeSet<String> = example().map(|(_, name, _)| name.to_owned()).collect();
    assert_eq!(shown, read, ".env.example and the program");
    assert_eq!(documented().into_keys().collect::<BTreeSet<_>>(), read, "README and the program");
}

#[test]
fn every_dependency_is_explained() {
    let section = README.split("\n## ").find(|section| section.starts_with("Why each dependency\n")).unwrap();
    let dependencies =
        MANIFEST.split("[dependencies]\n").nth(1).unwrap().split("[dev-dependencies]").next().unwrap();
    for line in dependencies.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" = ") {
            assert!(section.contains(&format!("`{name}`")), "{name}");
        }
    }
}

#[test]
fn the_example_filled_in_is_a_production() {
    let config = load(&production()).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert!(!config.stripe.simulated());
    assert_eq!(config.stripe.webhook_secrets.len(), 2);
    assert!(matches!(config.mail.transport, MailTransport::Smtp(_)));
    assert_eq!(config.company.siren, "732829320");
}

#[test]
fn the_defaults_shown_are_the_defaults() {
    let mut settings = with("VAT_REGIME", "franchise");
    let silent = load(&settings).unwrap();
    for (_, name, value) in example().filter(|(commented, ..)| *commented) {
        settings.insert(name.to_owned(), value.to_owned());
    }
    assert_eq!(format!("{:#?}", load(&settings).unwrap()), format!("{silent:#?}"));
}

#[test]
fn production_names_what_it_lacks_and_the_readme_says_so() {
    for name in production().keys().filter(|name| *name != "APP_ENV") {
        let mut settings = production();
        settings.remove(name);
        let error = load(&settings).unwrap_err();
        assert!(error.starts_with(&format!("{name} is not set")), "{error}");
        let row = documented()[name];
        assert!(row.contains("| yes |") || row.contains("| one of three |"), "{row}");
    }
    let promised = documented().values().filter(|row| row.contains("| yes |")).count();
    assert_eq!(promised, production().len() - 2, "all but APP_ENV and SMTP_URL, which has alternatives");
}

#[test]
fn an_empty_value_counts_as_absent() {
    assert!(load(&with("JWT_SECRET", "  ")).unwrap_err().starts_with("JWT_SECRET is not set"));
    assert_eq!(load(&with("PORT", "")).unwrap().listen.port(), 3000);
}

#[test]
fn bad_values_are_refused_by_name_and_never_repeated() {
    let refused = [
        ("APP_ENV", MARK),
        ("BIND_ADDRESS", MARK),
        ("PORT", MARK),
        ("PORT", "65536"),
        ("MAX_IN_FLIGHT", "-1"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,mark-of-a-value"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("FRONTEND_URL", "ftp://mark-of-a-value"),
        ("FRONTEND_URL", "https://www.example.com,mark-of-a-value"),
        ("FRONTEND_URL", "http://www.example.com"),
        ("FRONTEND_URL", "http://127.0.0.1.example.com"),
        ("FRONTEND_URL", "https://www.example.com/mark-of-a-value"),
        ("FRONTEND_URL", "https://www.example.com/?mark-of-a-value"),
        ("FRONTEND_URL", "https://user:mark-of-a-value@www.example.com"),
        ("FRONTEND_URL", "https://"),
        ("APP_URL", MARK),
        ("API_URL", "ftp://mark-of-a-value"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,::/0"),
        ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1"),
        ("STRIPE_SECRET_KEY", "pk_live_mark-of-a-value"),
        ("STRIPE_SECRET_KEY", "whsec_mark-of-a-value"),
        ("STRIPE_WEBHOOK_SECRET", MARK),
        ("STRIPE_WEBHOOK_SECRET", "whsec_one,mark-of-a-value"),
        ("STRIPE_API_URL", MARK),
        ("TERMS_URL", MARK),
        ("TERMS_URL", "https://www.example.com/(mark-of-a-value)"),
        ("TERMS_VERSION", "mark-of-a-value\nand another line"),
        ("FROM_EMAIL", "Staka <mark-of-a-value@example.com>"),
        ("ADMIN_EMAIL", MARK),
        ("SUPPORT_EMAIL", MARK),
        ("SMTP_URL", "smtp://user:mark-of-a-value@mail.example.com:587"),
        ("SMTP_URL", "smtp://user:mark-of-a-value@mail.example.com:587?tls=opportunistic"),
        ("COMPANY_SIREN", "732829321"),
        ("COMPANY_SIRET", "73282932000075"),
        ("DATABASE_MAX_CONNECTIONS", MARK),
        ("MIGRATE_ON_START", MARK),
        ("JWT_SECRET", MARK),
        ("JWT_SECRET", "31 characters are not enough.. "),
        // Published, typed, repeated.
        ("JWT_SECRET", "dev_secret_key_change_in_production"),
        ("JWT_SECRET", "CHANGEME_JWT_SECRET_VERY_LONG_AND_SECURE"),
        ("JWT_SECRET", "0123456789abcde0123456789abcde0123456789abcde"),
        ("JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("JWT_SECRET", "Marguerite-1951 Marguerite-1951 Marguerite"),
        ("JWT_SECRET", "0123456789abcdefghij0123456789abcdefghij"),
        ("STRIPE_SECRET_KEY", "your_stripe_secret_key_here"),
        ("UPLOADS_RESERVE_MB", MARK),
        ("STORAGE_URL", "https://mark-of-a-value"),
        ("STORAGE_URL", "s3://mark_of"),
        ("STORAGE_URL", "s3://staka/mark-of-a-value/../x"),
        ("STORAGE_ENDPOINT", "ftp://mark-of-a-value"),
        ("CLAMD_URL", "mark-of-a-value:3310"),
        ("CLAMD_URL", "http://mark-of-a-value"),
        ("CLAMD_URL", "tcp://mark-of-a-value/path"),
        ("CLAMD_URL", "unix://mark-of-a-value/clamd.ctl"),
        ("CLAMD_URL", "unix:///"),
        ("COMPANY_SIREN", "12345678"),
        ("COMPANY_SIREN", "12345678A"),
        ("COMPANY_SIRET", "73282932"),
        ("COMPANY_SIRET", "99999999900074"),
        ("VAT_REGIME", MARK),
        ("VAT_RATE", MARK),
        ("VAT_RATE", "0"),
        ("VAT_RATE", "100"),
        ("VAT_FROM", "31/01/2026"),
        ("RATE_LIMIT_ENABLED", "false"),
        ("RATE_LIMIT_ENABLED", MARK),
        ("RATE_LIMIT_LOGIN", MARK),
        ("RATE_LIMIT_LOGIN", "0/3600"),
        ("RATE_LIMIT_GUEST_ORDER", "5/0"),
    ];
    for (name, value) in refused {
        let error = load(&with(name, value)).expect_err(name);
        assert!(error.starts_with(name), "{name}={value}: {error}");
        assert!(!error.contains(MARK), "{error}");
    }
}

#[test]
fn vat_is_charged_under_a_number() {
    let mut settings = production();
    settings.remove("COMPANY_VAT_NUMBER");
    let error = load(&settings).unwrap_err();
    assert!(error.starts_with("COMPANY_VAT_NUMBER"), "{error}");
    settings.insert("VAT_REGIME".to_owned(), "franchise".to_owned());
    load(&settings).unwrap();
}

#[test]
fn what_is_unusual_and_safe_is_taken() {
    for (name, value) in [
        ("FRONTEND_URL", "http://localhost:3000, http://127.0.0.1:8080, http://[::1]:3000"),
        ("SMTP_URL", "smtp://relay.example.com:25"),
        ("SMTP_URL", "smtp://user:password@localhost:2525"),
        ("SMTP_URL", "smtp://user:password@127.0.0.1:2525"),
        ("SMTP_URL", "smtp://user:password@mail.example.com:587?tls=required"),
        ("SMTP_URL", "smtp://user:password@mail.example.com:587?tls=starttls"),
        ("STRIPE_SECRET_KEY", "rk_live_restricted"),
        ("STRIPE_SECRET_KEY", "sk_test_to_rehearse"),
        ("TRUSTED_PROXIES", "203.0.113.0/24"),
    ] {
        load(&with(name, value)).unwrap();
    }
    // La Poste had more establishments than check digits allow.
    let mut settings = with("COMPANY_SIREN", "356 000 000");
    settings.insert("COMPANY_SIRET".to_owned(), "356 000 000 49837".to_owned());
    load(&settings).unwrap();
}

#[test]
fn a_value_that_is_no_text_is_refused_where_it_is_asked_for() {
    let with_bytes = |name: &str| {
        let text =
            production().into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let bytes = (OsString::from(name), OsString::from_vec(b"caf\xe9".to_vec()));
        Config::load(&text.chain([bytes]).collect()).map_err(|error| error.to_string())
    };
    for name in ["COMPANY_CAPITAL", "COMPANY_NAME", "SMTP_URL"] {
        assert!(with_bytes(name).unwrap_err().starts_with(name));
    }
    with_bytes("SOMEBODY_ELSES").unwrap();
}

#[test]
fn a_siret_begins_with_its_siren() {
    let config = load(&with("COMPANY_SIRET", "732 829 320 00074")).unwrap();
    assert_eq!(config.company.siret.as_deref(), Some("73282932000074"));
}

#[test]
fn development_needs_a_database_and_a_secret() {
    let mut settings = Settings::new();
    for (name, value) in [
        ("APP_ENV", "development"),
        ("DATABASE_URL", "mysql://localhost/staka"),
        ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
        ("RATE_LIMIT_ENABLED", "false"),
    ] {
        settings.insert(name.to_owned(), value.to_owned());
    }
    let config = load(&settings).unwrap();
    assert!(config.stripe.simulated());
    assert!(matches!(config.mail.transport, MailTransport::Mailbox));
    assert_eq!(config.vat.regime, VatRegime::Standard);
    assert_eq!(config.vat.rate_bp, 2000);
    assert!(config.migrate_on_start);
    assert_eq!(config.site(), "http://localhost:3000");
    // Real payments need a real secret for their webhooks, wherever they are made.
    settings.insert("STRIPE_SECRET_KEY".to_owned(), "sk_test_of_a_developer".to_owned());
    assert!(load(&settings).unwrap_err().starts_with("STRIPE_WEBHOOK_SECRET"));
}

#[test]
fn a_bucket_needs_its_keys() {
    let mut settings = with("STORAGE_URL", "s3://staka.files/site/v1/");
    for name in ["STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY"] {
        let error = load(&settings).unwrap_err();
        assert!(error.starts_with(&format!("{name} is not set")), "{error}");
        settings.insert(name.to_owned(), format!("the-{name}"));
    }
    settings.insert("STORAGE_ENDPOINT".to_owned(), "https://s3.example.net/".to_owned());
    let config = load(&settings).unwrap();
    let bucket = config.storage.bucket.as_ref().unwrap();
    assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("staka.files", "site/v1"));
    assert_eq!(
        (bucket.region.as_str(), bucket.endpoint.as_deref()),
        ("us-east-1", Some("https://s3.example.net"))
    );
    assert!(!format!("{config:?}").contains("the-STORAGE_SECRET"));
    assert!(load(&production()).unwrap().storage.bucket.is_none());
}

#[test]
fn a_scanner_listens_on_a_port_or_a_socket() {
    let address = |url: &str| load(&with("CLAMD_URL", url)).unwrap().storage.scanner;
    assert_eq!(address("tcp://clamd.internal"), Some(ScannerAddress::Tcp("clamd.internal:3310".to_owned())));
    assert_eq!(address("tcp://[::1]:3311/"), Some(ScannerAddress::Tcp("[::1]:3311".to_owned())));
    let socket = ScannerAddress::Socket("/run/clamav/clamd.ctl".into());
    assert_eq!(address("unix:///run/clamav/clamd.ctl"), Some(socket));
    assert_eq!(load(&production()).unwrap().storage.scanner, None);
}

#[test]
fn no_secret_is_printed_with_the_settings() {
    let printed = format!("{:?}", load(&production()).unwrap());
    for secret in ["kV8dPq2LzR7m", "sk_live", "whsec_one", "user:password", "change-me"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn sites_lose_their_final_slash_and_the_first_is_where_people_go() {
    // As browsers write them.
    let config = load(&with("FRONTEND_URL", "https://WWW.example.com:443/, https://example.com")).unwrap();
    assert_eq!(config.site(), "https://www.example.com");
    assert_eq!(config.app_url, "https://www.example.com");
    assert_eq!(config.api_url, "https://www.example.com");
    assert_eq!(config.frontend_urls.len(), 2);
}
