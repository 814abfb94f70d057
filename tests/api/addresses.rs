//! One rule for the addresses of people, whatever the form they are typed into.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::shop::{Shop, guest_form};
use crate::support::server::send;

/// What no mail reaches, or what no mailer writes to.
pub const BAD: [&str; 10] = [
    "jeanne",
    "jeanne@",
    "jeanne@exemple",
    "jeanne@@exemple.fr",
    "jeanne@exemple.fr@exemple.fr",
    "\"jeanne d@arc\"@exemple.fr",
    "jeanne@[192.0.2.1]",
    "jeanne@192.0.2.1",
    "jeanne..dupont@exemple.fr",
    "jeanne@-exemple.fr",
];

fn register(shop: &Shop, email: &str) -> RequestBuilder {
    let body = json!({ "prenom": "Jeanne", "nom": "Dupont", "email": email, "password": "Manuscrit-2026" });
    shop.post("/auth/register").json(&body)
}

#[tokio::test]
async fn every_form_refuses_an_address_that_no_mail_reaches() {
    let shop = Shop::open().await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    for email in BAD {
        let address = json!({ "email": email });
        let order = json!({
            "prenom": "Jeanne", "nom": "Dupont", "email": email, "telephone": "0601020304", "serviceId": service,
            "nombrePages": 150, "consentementRgpd": true,
        });
        let forms: [RequestBuilder; 5] = [
            register(&shop, email),
            shop.post("/auth/request-password-reset").json(&address),
            shop.post("/public/activate/resend").json(&address),
            shop.post("/public/order").multipart(guest_form(service, &[("email", Some(email))])),
            shop.post("/public/order").json(&order),
        ];
        for form in forms {
            let answer = send(form).await;
            let told: &Value = &answer.refused_fields(&["email"])["details"][0];
            assert_eq!(told["message"], "L’adresse e-mail n’est pas valide.", "{email}");
        }
    }
    shop.assert_untouched().await;
    assert_eq!(shop.count("users").await, 0);
}

#[tokio::test]
async fn every_form_keeps_an_address_in_one_form() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let typed = "  Élise.O'Neil+livre@Exemple.FR ";
    let order = guest_form(service, &[("email", Some(typed))]);
    shop.json(shop.post("/public/order").multipart(order), 201).await;
    shop.json(register(&shop, typed), 201).await;
    for table in ["pending_commandes", "users"] {
        let kept = shop.count(&format!("{table} WHERE email = 'élise.o\\'neil+livre@exemple.fr'")).await;
        assert_eq!(kept, 1, "{table}");
    }
}
