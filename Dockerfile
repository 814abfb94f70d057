# The server in a small image: built with the query data of .sqlx, so without a database, and run
# without root. Certificate authorities and time zones are inside the binary: the last stage installs nothing.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
ENV SQLX_OFFLINE=true

# The dependencies first: this layer lasts as long as these files.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src \
 && echo 'fn main() {}' > src/main.rs \
 && touch src/lib.rs \
 && cargo build --release --locked \
 && rm -r src

COPY build.rs sqlx.toml ./
COPY .sqlx .sqlx
COPY migrations migrations
COPY templates templates
COPY assets assets
COPY src src
# Cargo goes by dates, and these may be older than the layer above.
RUN touch build.rs src/main.rs src/lib.rs \
 && cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin staka \
 && install --directory --owner=staka --group=staka --mode=750 /app /app/uploads /app/erasures
COPY --from=build /build/target/release/staka /usr/local/bin/staka
WORKDIR /app
USER staka
ENV APP_ENV=production \
    PORT=3000 \
    UPLOADS_DIR=/app/uploads \
    ERASURE_LOG=/app/erasures/erasures.log
VOLUME /app/uploads /app/erasures
EXPOSE 3000
# A signal ends the server in order: running requests have 25 seconds. It needs no init in front of it.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["staka", "health"]
CMD ["staka", "serve"]
