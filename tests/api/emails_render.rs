//! What people read: every sample of every mail, rendered as it would be sent.

use scraper::{Html, Selector};
use staka::emails::render::{Brand, Rendered, Renderer};
use staka::events::Category;
use staka::mails::{Mail, ResetPassword, *};

const SITE: &str = "https://livrestaka.example";
const API: &str = "https://api.livrestaka.example";

fn brand() -> Brand {
    Brand {
        name: "Staka Livres".to_owned(),
        site_url: format!("{SITE}/"),
        api_url: Some(API.to_owned()),
        support_email: "contact@livrestaka.example".to_owned(),
    }
}

fn renderer() -> Renderer {
    Renderer::new(brand()).unwrap()
}

fn rendered() -> Vec<(Mail, Rendered)> {
    let renderer = renderer();
    Mail::samples()
        .into_iter()
        .map(|mail| {
            let rendered = renderer.render(&mail).unwrap_or_else(|error| panic!("{error}"));
            (mail, rendered)
        })
        .collect()
}

fn select(html: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    page.select(&Selector::parse(selector).unwrap())
        .map(|element| element.text().collect::<String>())
        .collect()
}

fn links(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    page.select(&Selector::parse("a[href]").unwrap())
        .map(|a| a.value().attr("href").unwrap().to_owned())
        .collect()
}

fn is_page(path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    const APP: &[&str] = &[
        "dashboard",
        "projects",
        "messages",
        "notifications",
        "files",
        "billing",
        "help",
        "profile",
        "settings",
    ];
    const ADMIN: &[&str] = &[
        "dashboard",
        "users",
        "utilisateurs",
        "commandes",
        "factures",
        "faq",
        "tarifs",
        "pages",
        "statistiques",
        "messagerie",
        "audit-logs",
        "notifications",
    ];
    match path.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        [] | [""] => true,
        [
            "login" | "signup" | "forgot-password" | "reset-password" | "payment-success"
            | "commande-invitee",
        ] => true,
        ["activation" | "pages", value] => !value.is_empty(),
        ["payment", "success" | "cancel"] | ["app" | "admin"] => true,
        ["app", "projects", id, "files"] => !id.is_empty(),
        ["app", page] => APP.contains(page),
        ["admin", page] => ADMIN.contains(page),
        _ => false,
    }
}

/// The pages of our own that mails lead to.
fn is_page_of_api(link: &str) -> bool {
    if link.starts_with(&format!("{API}/api/public/retractation?numero=")) {
        return true;
    }
    let known = [
        "commande-offerte",
        "conversation",
        "reprise",
        "mes-donnees",
        "rendez-vous",
        "newsletter/confirm",
        "newsletter/leave",
    ]
    .map(|page| format!("{API}/api/public/{page}/"));
    known.iter().any(|page| link.starts_with(page.as_str()) && link.len() > page.len())
}

#[test]
fn every_kind_has_a_sample_that_survives_storage() {
    for mail in Mail::samples() {
        let stored = serde_json::to_value(&mail).unwrap();
        assert_eq!(stored["template"], mail.template());
        assert!(stored["data"].is_object());
        assert_eq!(serde_json::from_value::<Mail>(stored).unwrap(), mail);
    }
}

#[test]
fn nothing_of_the_template_language_is_left() {
    for (mail, mut out) in rendered() {
        // One sample's title holds braces on purpose; they are data and stay.
        for part in [&mut out.subject, &mut out.html, &mut out.text] {
            let bare = part.replace("{{mystère}}", "");
            assert!(!bare.contains("{{") && !bare.contains("}}"), "{mail:?}: {bare}");
            assert!(!bare.contains("null") && !bare.contains("[object]"), "{mail:?}: {bare}");
        }
    }
}

#[test]
fn links_are_absolute_and_lead_to_existing_pages() {
    for (mail, out) in rendered() {
        let found = links(&out.html);
        assert!(found.len() >= 2 || mail.category() == Category::Admin, "{mail:?}");
        for link in found {
            match (link.strip_prefix(SITE), link.strip_prefix("mailto:")) {
                (None, _) if is_page_of_api(&link) => {}
                (Some(path), _) => assert!(is_page(path), "{mail:?}: {link}"),
                (None, Some(address)) => assert_eq!(address, brand().support_email, "{mail:?}"),
                (None, None) => panic!("{mail:?}: {link}"),
            }
        }
        for word in out.text.split_whitespace().filter(|word| word.contains("://")) {
            let ours = word.strip_prefix(SITE).is_some_and(is_page) || is_page_of_api(word);
            assert!(ours, "{mail:?}: {word}");
        }
    }
}

#[test]
fn both_parts_offer_the_same_action() {
    for (mail, out) in rendered() {
        for link in links(&out.html).iter().filter(|link| link.starts_with(SITE)) {
            assert!(out.text.contains(link.as_str()), "{mail:?}: {link}\n{}", out.text);
        }
    }
}

#[test]
fn html_shows_what_people_typed_and_runs_none_of_it() {
    for (mail, out) in rendered() {
        assert!(select(&out.html, "script, b").is_empty(), "{mail:?}");
        assert!(!out.html.contains("&amp;amp;") && !out.html.contains("&amp;#39;"), "{mail:?}");
    }
    let reset = rendered().into_iter().find(|(mail, _)| matches!(mail, Mail::ResetPassword(_)));
    let (_, out) = reset.unwrap();
    assert!(select(&out.html, "p").contains(&"Bonjour <b>Noé</b>,".to_owned()));
    assert!(out.text.contains("Bonjour <b>Noé</b>,"));
}

#[test]
fn text_and_subjects_are_not_escaped() {
    for (mail, out) in rendered() {
        for entity in ["&amp;", "&lt;", "&#", "&quot;", "&nbsp;"] {
            assert!(!out.text.contains(entity), "{mail:?}: {entity}");
            assert!(!out.subject.contains(entity), "{mail:?}: {entity}");
        }
    }
    let confirmation =
        rendered().into_iter().find(|(mail, _)| matches!(mail, Mail::ClientProjectConfirmation(_))).unwrap();
    assert!(confirmation.1.text.contains("L'été d'Élise & <b>Noé</b>"));
    assert!(confirmation.1.subject.contains("L'été d'Élise & <b>Noé</b>"));
}

#[test]
fn subjects_are_one_short_line() {
    for (mail, out) in rendered() {
        let length = out.subject.chars().count();
        assert!((8..=170).contains(&length), "{mail:?}: {length}");
        assert!(!out.subject.chars().any(char::is_control), "{mail:?}");
        let marked = out.subject.starts_with("[Admin] ");
        assert_eq!(marked, mail.category() == Category::Admin, "{mail:?}");
    }
}

#[test]
fn preheader_is_there_hidden_and_not_the_subject() {
    for (mail, out) in rendered() {
        let preheaders = select(&out.html, "div.preheader");
        let [preheader] = preheaders.as_slice() else { panic!("{mail:?}: {preheaders:?}") };
        let preheader = preheader.trim_end_matches(['\u{34f}', '\u{200c}', '\u{a0}']);
        assert!(preheader.chars().count() > 15, "{mail:?}: {preheader}");
        assert_ne!(preheader, out.subject, "{mail:?}");
        assert!(!out.text.starts_with(preheader), "{mail:?}");
    }
}

#[test]
fn pages_are_complete_french_documents() {
    for (mail, out) in rendered() {
        let page = Html::parse_document(&out.html);
        let lang = page.root_element().value().attr("lang");
        assert_eq!(lang, Some("fr"), "{mail:?}");
        assert_eq!(select(&out.html, "h1").len(), 1, "{mail:?}");
        assert_eq!(select(&out.html, "title"), std::slice::from_ref(&out.subject), "{mail:?}");
        assert!(out.html.contains("name=\"viewport\"") && out.html.contains("@media"), "{mail:?}");
        assert!(out.html.len() < 100_000, "Gmail clips beyond 102 kB: {mail:?}");
    }
}

#[test]
fn french_punctuation_never_starts_a_line() {
    for (mail, out) in rendered() {
        if mail.category() == Category::Admin {
            continue;
        }
        // The hostile title has ordinary spaces of its own.
        let ours = out.text.replace("« {{mystère}} »", "").replace(" : ", "\u{a0}: ");
        for bad in [" !", " ?", " ;", " »", "« ", " €"] {
            assert!(!ours.contains(bad), "{mail:?}: {bad:?} in {ours}");
        }
    }
}

#[test]
fn only_refusable_mails_show_the_way_out() {
    let settings = format!("{SITE}/app/settings");
    for (mail, out) in rendered() {
        let refusable = mail.category().unsubscribable();
        assert_eq!(out.unsubscribable, refusable, "{mail:?}");
        assert_eq!(links(&out.html).contains(&settings), refusable, "{mail:?}");
        assert_eq!(out.text.contains(&settings), refusable, "{mail:?}");
    }
}

#[test]
fn amounts_and_dates_are_french_and_local() {
    let payment = Mail::samples().into_iter().find(|mail| matches!(mail, Mail::PaymentUser(_)));
    let out = renderer().render(&payment.unwrap()).unwrap();
    assert!(out.subject.contains("1\u{202f}234,56\u{a0}€"), "{}", out.subject);
    assert!(out.text.contains("29\u{a0}juillet 2026 à 11:08"), "{}", out.text);
    // 22:30 UTC on 1 January is 23:30 in Paris in winter.
    let reset = Mail::samples().into_iter().find(|mail| matches!(mail, Mail::ResetPassword(_)));
    let out = renderer().render(&reset.unwrap()).unwrap();
    assert!(out.text.contains("1er\u{a0}janvier 2026 à 23:30"), "{}", out.text);
}

#[test]
fn a_link_that_leaves_the_site_is_refused() {
    for path in
        ["//evil.example/x", "https://evil.example/", "javascript:alert(1)", "/a b", "/\\evil.example", ""]
    {
        let mail = Mail::from(AdminInfo {
            title: "Titre".to_owned(),
            message: "Message".to_owned(),
            action_path: Some(path.to_owned()).filter(|path| !path.is_empty()).or(Some("x".to_owned())),
        });
        assert!(renderer().render(&mail).is_err(), "{path}");
    }
}

#[test]
fn a_refusal_tells_nothing_personal() {
    let mail = Mail::from(ResetPassword {
        first_name: "Éloïse".to_owned(),
        reset_path: "https://evil.example/secret-token".to_owned(),
        expires_at: chrono::Utc::now(),
    });
    let Err(error) = renderer().render(&mail) else { panic!("rendered") };
    let told = format!("{error} {error:?} {mail:?}");
    assert!(told.contains("reset-password"));
    assert!(!told.contains("secret-token") && !told.contains("Éloïse"), "{told}");
}

#[test]
fn links_of_the_api_use_its_own_host() {
    let mail = Mail::from(AdminInfo {
        title: "Export".to_owned(),
        message: "Prêt".to_owned(),
        action_path: Some("/api/exports/1?sig=a&until=b".to_owned()),
    });
    let out = renderer().render(&mail).unwrap();
    assert!(links(&out.html).contains(&format!("{API}/api/exports/1?sig=a&until=b")));
    let one_host = Renderer::new(Brand { api_url: None, ..brand() }).unwrap().render(&mail).unwrap();
    assert!(links(&one_host.html).contains(&format!("{SITE}/api/exports/1?sig=a&until=b")));
}

#[test]
fn several_lines_stay_several_lines() {
    let mail = Mail::from(AdminWarning {
        title: "Titre".to_owned(),
        message: "Un\r\nDeux & trois".to_owned(),
        action_path: None,
    });
    let out = renderer().render(&mail).unwrap();
    assert!(out.html.contains("Un<br>\nDeux &amp; trois"));
    assert!(out.text.contains("Un\nDeux & trois"));
}

#[test]
fn a_brand_without_an_absolute_address_is_refused() {
    for site_url in ["livrestaka.example", "", "ftp://livrestaka.example"] {
        let brand = Brand { site_url: site_url.to_owned(), ..brand() };
        assert!(Renderer::new(brand).is_err(), "{site_url}");
    }
}
