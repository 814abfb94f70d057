//! The whole platform on one machine, as `docker-compose.yml` describes it.

const COMPOSE: &str = include_str!("../../docker-compose.yml");
const NGINX: &str = include_str!("../../nginx.conf");
const DOCKERFILE: &str = include_str!("../../Dockerfile");

/// What is below a key that stands two spaces from the margin, comments aside.
fn block(name: &str) -> String {
    let lines = COMPOSE.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut lines = lines.skip_while(|line| *line != format!("  {name}:"));
    assert!(lines.next().is_some(), "{name} is not there");
    let below = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    below.map(|line| format!("{}\n", line.trim_start())).collect()
}

/// The value of the first such key of a block.
fn value<'b>(block: &'b str, key: &str) -> &'b str {
    let found = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {key} in {block}"))
}

#[test]
fn every_container_has_bounds() {
    let services = ["mysql", "server", "nginx"];
    for name in services {
        let service = block(name);
        assert_eq!(value(&service, "logging"), "*logging", "{name}");
        assert!(value(&service, "mem_limit").ends_with(['m', 'g']), "{name}");
    }
    assert_eq!(COMPOSE.matches("mem_limit: ").count(), services.len(), "a container is not looked at here");
    let logging = COMPOSE.split("x-logging: &logging\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(logging.contains("max-size: 10m") && logging.contains("max-file: \"5\""), "{logging}");
}

#[test]
fn the_server_writes_to_its_documents_and_to_a_bounded_tmp_alone() {
    let server = block("server");
    assert_eq!(value(&server, "read_only"), "true");
    assert!(server.contains("tmpfs:\n- /tmp:size="), "{server}");
    assert!(server.contains("cap_drop:\n- ALL\n"), "{server}");
    assert!(server.contains(&format!("- uploads:{}\n", value(&server, "UPLOADS_DIR"))), "{server}");
    assert!(DOCKERFILE.contains("\nUSER staka\n"));
}

#[test]
fn the_server_believes_nginx_and_nobody_else_of_their_network() {
    let (server, nginx) = (block("server"), block("nginx"));
    let address = value(&nginx, "ipv4_address");
    assert_eq!(value(&server, "TRUSTED_PROXIES"), address);
    let own = value(&server, "ipv4_address");
    assert_ne!(own, address);
    let subnet: ipnet::IpNet = value(&block("edge"), "- subnet").parse().unwrap();
    for fixed in [address, own] {
        assert!(subnet.contains(&fixed.parse::<std::net::IpAddr>().unwrap()), "{fixed}");
    }
    // Reached under its name, and by nginx alone.
    assert!(NGINX.contains(&format!("server server:{};", value(&server, "PORT").trim_matches('"'))));
    assert!(!server.contains("ports:") && !block("mysql").contains("ports:"));
    assert_eq!(block("data").trim(), "internal: true");
}

#[test]
fn renewed_certificates_are_read() {
    let nginx = block("nginx");
    let command = value(&nginx, "command");
    assert!(command.contains("while sleep 6h; do nginx -s reload; done &"), "{command}");
    assert!(
        nginx.contains("- ./certs:/etc/nginx/certs:ro\n")
            && NGINX.contains("ssl_certificate /etc/nginx/certs/")
    );
}
