//! What the settings say, without asking anybody.

use super::Finding;
use crate::{
    config::{Config, MailTransport},
    http::client_ip::PRIVATE_RANGES,
};

/// Looks at settings that could be read.
pub fn findings(config: &Config) -> Vec<Finding> {
    vec![environment(config), proxies(config), webhooks(config), mail(config), limits(config)]
}

fn environment(config: &Config) -> Finding {
    match config.is_development() {
        false => Finding::good("environment", "production"),
        true => Finding::doubtful(
            "environment",
            "development: mails stay here and payments are simulated",
            "Set APP_ENV=production where real people come.",
        ),
    }
}

fn proxies(config: &Config) -> Finding {
    let named = config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    match named.as_str() {
        "" => Finding::doubtful(
            "client addresses",
            "nobody's X-Forwarded-For is believed",
            "Behind a proxy everybody would have its address, and share its limits: name it in TRUSTED_PROXIES.",
        ),
        PRIVATE_RANGES => Finding::doubtful(
            "client addresses",
            "whoever comes from a private network is believed",
            "Name the proxy alone in TRUSTED_PROXIES, unless nothing else on these networks reaches the server.",
        ),
        _ => Finding::good("client addresses", format!("{named} may name them")),
    }
}

fn webhooks(config: &Config) -> Finding {
    match config.stripe.webhook_secrets.len() {
        _ if config.stripe.simulated() => {
            Finding::doubtful("payments", "Stripe is simulated", "Set STRIPE_SECRET_KEY to take money.")
        }
        1 => Finding::good("payments", format!("Stripe calls {}/payments/webhook", config.api_url)),
        _ => Finding::doubtful(
            "payments",
            "two webhook secrets are valid",
            "When Stripe has expired the old one, leave the new one alone in STRIPE_WEBHOOK_SECRET.",
        ),
    }
}

fn mail(config: &Config) -> Finding {
    let way = match config.mail.transport {
        MailTransport::Smtp(_) => "over SMTP",
        MailTransport::SendGrid(_) => "through SendGrid",
        MailTransport::Resend(_) => "through Resend",
        MailTransport::Mailbox => {
            return Finding::doubtful(
                "mail",
                "mails stay in the mailbox of development",
                "Set SMTP_URL to send them.",
            );
        }
    };
    Finding::good("mail", format!("sent {way} as {}", config.mail.from_email))
}

fn limits(config: &Config) -> Finding {
    match config.rates.enabled {
        true => Finding::good("limits", "on"),
        false => Finding::doubtful("limits", "off", "Set RATE_LIMIT_ENABLED=true where strangers come."),
    }
}
