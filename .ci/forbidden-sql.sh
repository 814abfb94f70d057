#!/usr/bin/env bash
# Finds SQL that only one of MySQL 8.0+ and MariaDB 10.6+ understands, business time taken from the database
# instead of the Clock, and transactions opened beside db::begin. A line ending in `forbidden-sql: ok, <why>`
# in a comment is let through.
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"

found=0

# forbid WHERE PATTERN WHY: WHERE is `sql` (src and migrations), `src` or `migrations`; PATTERN is a Perl regex.
forbid() {
    local places hits
    case $1 in
        sql) places=(src migrations) ;;
        *) places=("$1") ;;
    esac
    hits=$(grep --recursive --line-number --perl-regexp --include='*.rs' --include='*.sql' -e "$2" "${places[@]}" |
        grep --invert-match 'forbidden-sql: ok' |
        grep --invert-match --perl-regexp '^[^:]+:\d+:\s*(//|--)' || true)
    if [ -n "$hits" ]; then
        printf '%s\n    -> %s\n' "$hits" "$3"
        found=1
    fi
}

# Keywords are looked for in capitals, as this code base writes SQL, so that Rust and prose stay out of it.
forbid sql '\bVALUES\b.*\)\s+AS\s+\w+\s+ON DUPLICATE\b|^\s*AS\s+\w+\s+ON DUPLICATE\b' 'row alias in an upsert is MySQL only: write VALUES(column)'
forbid sql '\bAS JSON\s*\)' 'CAST(... AS JSON) is MySQL only: bind the text'
forbid sql "[\`\\w]\\s*->>?\\s*'\\$" "-> and ->> are MySQL only: write JSON_VALUE or JSON_EXTRACT"
forbid sql '\bFOR SHARE\b' 'FOR SHARE is MySQL only: write FOR UPDATE'
forbid sql '\bFOR UPDATE OF\b' 'FOR UPDATE OF is MySQL only'
forbid sql '\bLATERAL\b' 'LATERAL is MySQL only'
forbid sql '@@(session\.|global\.)?(transaction_isolation|tx_isolation)\b' 'the variable has another name on the other server: SET SESSION TRANSACTION ISOLATION LEVEL'
forbid sql '\bANY_VALUE\s*\(' 'ANY_VALUE is MySQL only: write MIN or MAX'
forbid sql '\b(UUID_TO_BIN|BIN_TO_UUID|IS_UUID)\s*\(' 'UUID functions of MySQL only: bind the id'
forbid sql '\b(REGEXP_LIKE|JSON_STORAGE_SIZE|GROUPING)\s*\(' 'function of MySQL, or of recent MariaDB, only'
forbid sql '\bMEMBER OF\b' 'MEMBER OF is MySQL only: write JSON_CONTAINS'
forbid sql '\bEXPLAIN ANALYZE\b' 'EXPLAIN ANALYZE is MySQL only'
forbid sql '\bINVISIBLE\b|\bIGNORED\b' 'invisible and ignored indexes belong to one server each'
forbid sql '\bVALUES\s+ROW\s*\(' 'VALUES ROW() is MySQL only'
forbid sql 'utf8mb4_0900\w*|utf8mb4_uca1400\w*' 'collation of one server only: write utf8mb4_unicode_ci or utf8mb4_bin'
forbid migrations '^\s*(UNIQUE\s+)?(KEY|INDEX)\b[^(]*\(\s*\(' 'functional indexes are MySQL only: index a generated column'
forbid sql '^(?!.*\bNO_RETURNING\b).*\bRETURNING\b' 'RETURNING is MariaDB only: read the row again'
forbid migrations '\b(ADD|DROP|MODIFY|CHANGE)\s+((COLUMN|INDEX|KEY|CONSTRAINT|FOREIGN KEY|UNIQUE|UNIQUE KEY|UNIQUE INDEX)\s+)?IF\s+(NOT\s+)?EXISTS\b' 'IF EXISTS inside ALTER TABLE is MariaDB only: check information_schema'
forbid migrations '\bCREATE\s+(UNIQUE\s+)?INDEX\s+IF NOT EXISTS\b|\bDROP INDEX IF EXISTS\b' 'IF EXISTS on an index is MariaDB only: check information_schema'
forbid migrations '\bCREATE OR REPLACE (TABLE|TRIGGER)\b|\bCREATE SEQUENCE\b' 'MariaDB only'
forbid sql '\bNEXT VALUE FOR\b|\bNEXTVAL\s*\(' 'sequences are MariaDB only'
forbid sql '\b(UUID_v4|UUID_v7|SYS_GUID|NATURAL_SORT_KEY|JSON_DETAILED|JSON_LOOSE|JSON_EXISTS|JSON_QUERY)\s*\(' 'function of MariaDB only'
forbid migrations '\b(UUID|INET4|INET6)\s+(NOT\s+)?NULL\b' 'types of MariaDB only: BINARY(16), VARBINARY'
forbid src '\b(NOW|SYSDATE|UTC_TIMESTAMP|UTC_DATE|CURDATE|CURTIME|UNIX_TIMESTAMP|LOCALTIMESTAMP)\s*\(\s*\d*\s*\)|\bCURRENT_(TIMESTAMP|DATE|TIME)\b' 'business time is bound from the Clock'
forbid migrations '\bON UPDATE CURRENT_TIMESTAMP\b' 'business time is bound from the Clock'
forbid migrations '\bTIMESTAMP\s*(\(\d\))?\s+(NOT\s+)?NULL\b' 'TIMESTAMP depends on the session: write DATETIME(3)'
forbid src 'pool\(\)\s*\.\s*(begin|begin_with|try_begin)\s*\(' 'a cancelled begin of the pool leaves a transaction open: write db.begin()'
# A DDL statement commits by itself: with two in a file, the second cannot be run again after a crash between them.
for file in migrations/*.sql; do
    [ -e "$file" ] || continue
    statements=$(sed 's/--.*$//' "$file" | tr '\n' ' ' | grep --only-matching ';' | wc -l)
    if [ "$statements" -gt 1 ] && sed 's/--.*$//' "$file" | grep --quiet --perl-regexp '^\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b'; then
        ddl=$(sed 's/--.*$//' "$file" | grep --count --perl-regexp '^\s*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\s+(TABLE|INDEX|UNIQUE|DATABASE|VIEW|TRIGGER)\b' || true)
        if [ "$ddl" -gt 1 ]; then
            echo "$file: $ddl DDL statements; one per file, and able to run again"
            found=1
        fi
    fi
done

exit "$found"
