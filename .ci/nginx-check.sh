#!/usr/bin/env bash
# Has nginx read nginx.conf, and asks it a few things in front of a small server that tells what arrives there.
# Needs nginx, openssl, curl and python3; where nginx is not installed it says so and succeeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PATH:/usr/sbin

if ! command -v nginx >/dev/null; then
    echo "nginx: not installed, skipped"
    exit 0
fi

work=$(mktemp -d)
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap cleanup EXIT

free_ports() {
    python3 -c 'import socket; held = [socket.socket() for _ in range(3)]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])'
}
read -r http https backend < <(free_ports)

# Workers of a root nginx are another user.
chmod 755 "$work"
mkdir -p "$work/html/assets" "$work/certs" "$work/temp"
echo '<title>Staka</title>' >"$work/html/index.html"
echo 'fetch("http://localhost:3001/api/files/download/1")' >"$work/html/assets/app.js"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$work/certs/privkey.pem" \
    -out "$work/certs/fullchain.pem" 2>/dev/null

# The same configuration, with the places of this machine.
temp() { printf '%s_temp_path %s/temp/%s; ' "$1" "$work" "$1"; }
sed -e "s|/etc/nginx/certs|$work/certs|; s|/usr/share/nginx/html|$work/html|; s|/tmp/nginx.pid|$work/nginx.pid|" \
    -e "s|server server:3000|server 127.0.0.1:$backend|" \
    -e "/listen \[::\]/d; s|listen 80 |listen 127.0.0.1:$http |; s|listen 443 |listen 127.0.0.1:$https |" \
    -e "s|^http {|http { $(for kind in client_body proxy fastcgi uwsgi scgi; do temp "$kind"; done)|" \
    nginx.conf >"$work/nginx.conf"
nginx -q -t -e stderr -c "$work/nginx.conf"

cat >"$work/backend.py" <<'PY'
import http.server, json, sys

class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        received = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        told = json.dumps({"path": self.path, "for": self.headers.get_all("X-Forwarded-For"), "bytes": received})
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told.encode())

    do_GET = do_POST

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
PY
python3 "$work/backend.py" "$backend" &
pids+=($!)
nginx -e stderr -c "$work/nginx.conf" -g 'daemon off;' &
pids+=($!)

ask() { curl --silent --insecure --max-time 10 "$@"; }
site=https://127.0.0.1:$https
for _ in $(seq 100); do
    ask --output /dev/null "$site/api/" && ask --output /dev/null "http://127.0.0.1:$backend/" && break
    sleep 0.1
done

# expect WHAT PATTERN: the pattern is in what was answered.
expect() {
    local answer
    answer=$(cat)
    grep --quiet --extended-regexp -- "$2" <<<"$answer" && return
    echo "nginx.conf: $1: $answer" >&2
    exit 1
}

ask -H 'X-Forwarded-For: 10.0.0.1, 127.0.0.1' "$site/api/tarifs" | expect 'the client names its own address' '"for": \["127.0.0.1"\]'
for path in /metrics /api/metrics //metrics /api//metrics/ /api/api/metrics; do
    ask --path-as-is -w ' %{http_code}' "$site$path" | expect "$path is told" '"code":"NOT_FOUND".* 404$'
done
head -c 5242880 /dev/zero >"$work/sample"
ask -F "file=@$work/sample" "$site/api/public/free-sample" | expect 'a free sample is refused' '"bytes": 524[0-9]{4}'
ask -F "file=@$work/sample" -F "more=@$work/sample" "$site/api/public/contact" | expect 'too much is let through' '"code":"PAYLOAD_TOO_LARGE"'
ask "$site/assets/app.js" | expect 'scripts call a workstation' '^fetch\("/api/files/download/1"\)$'
ask "$site/app/projects" | expect 'the pages of the application are not found' '<title>Staka</title>'
ask -o /dev/null -w '%{http_code} %{redirect_url}' "http://127.0.0.1:$http/app" | expect 'http is not left' '^308 https://'
echo "nginx.conf is what it should be."
