package dev.sluice.database;

import io.r2dbc.h2.H2ConnectionConfiguration;
import io.r2dbc.h2.H2ConnectionFactory;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is: one URL, {@code mysql://user:password@host:port/name?options}, {@code mariadb://…} or {@code
 * postgresql://…}, or the embedded H2 file. Both the pool's and the migrations' addresses derive from it.
 *
 * <p>Of the options, {@code sslmode} ({@code disable}, {@code require}, {@code verify-ca}, {@code verify-full}) is
 * understood for every database; any other is refused, since the two drivers would not mean the same by it.
 */
record DatabaseAddress(
        Kind kind,
        String host,
        int port,
        String name,
        String user,
        String password,
        TlsMode tls,
        @Nullable Path file) {

    enum Kind {
        H2,
        MYSQL,
        POSTGRESQL
    }

    /** How far the connection's TLS goes; the names are PostgreSQL's. */
    enum TlsMode {
        DISABLE,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL;

        private String text() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    static DatabaseAddress embedded(Path dataDirectory) {
        Path file = dataDirectory.toAbsolutePath().normalize().resolve("sluice");
        return new DatabaseAddress(Kind.H2, "", 0, "sluice", "sa", "", TlsMode.DISABLE, file);
    }

    /** @throws IllegalArgumentException with one sentence that says what is wrong; it never repeats the password */
    static DatabaseAddress parse(String url) {
        URI uri;
        try {
            uri = new URI(url.strip());
        } catch (URISyntaxException e) {
            throw wrong("is no URL: " + e.getReason() + " (write special characters of the password as %XX)");
        }
        String scheme = String.valueOf(uri.getScheme());
        Kind kind = switch (scheme) {
            case "mysql", "mariadb" -> Kind.MYSQL;
            case "postgresql", "postgres" -> Kind.POSTGRESQL;
            default -> throw wrong("begins with '" + scheme + "' (expected: mysql://, mariadb:// or postgresql://)");
        };
        if (uri.getHost() == null) {
            throw wrong("has no host (expected: " + scheme + "://user:password@host:port/database)");
        }
        String name = uri.getPath() == null ? "" : uri.getPath().replaceFirst("^/", "");
        if (name.isEmpty() || name.contains("/")) {
            throw wrong("names no database (expected: " + scheme + "://user:password@host:port/database)");
        }
        String[] credentials = uri.getRawUserInfo() == null
                ? new String[] {""}
                : uri.getRawUserInfo().split(":", 2);
        int port = uri.getPort() > 0 ? uri.getPort() : kind == Kind.MYSQL ? 3306 : 5432;
        return new DatabaseAddress(
                kind,
                uri.getHost(),
                port,
                name,
                decoded(credentials[0]),
                credentials.length > 1 ? decoded(credentials[1]) : "",
                tls(uri.getRawQuery()),
                null);
    }

    private static TlsMode tls(@Nullable String query) {
        TlsMode mode = TlsMode.DISABLE;
        for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
            String[] option = pair.split("=", 2);
            String key = decoded(option[0]);
            String value = option.length > 1 ? decoded(option[1]) : "";
            if (!key.equalsIgnoreCase("sslmode")) {
                throw wrong("has the option '" + key + "' (known: sslmode)");
            }
            mode = java.util.Arrays.stream(TlsMode.values())
                    .filter(each -> each.text().equalsIgnoreCase(value.replace('_', '-')))
                    .findFirst()
                    .orElseThrow(() ->
                            wrong("has sslmode=" + value + " (expected: disable, require, verify-ca or verify-full)"));
        }
        return mode;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException("SLUICE_DATABASE_URL " + what);
    }

    boolean isEmbedded() {
        return kind == Kind.H2;
    }

    ConnectionFactory forPool() {
        if (file != null) {
            return new H2ConnectionFactory(H2ConnectionConfiguration.builder()
                    .url("file:" + file + ";" + h2Options())
                    .username(user)
                    .password(password)
                    .build());
        }
        ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, kind == Kind.MYSQL ? "mysql" : "postgresql")
                .option(ConnectionFactoryOptions.HOST, host)
                .option(ConnectionFactoryOptions.PORT, port)
                .option(ConnectionFactoryOptions.DATABASE, name)
                .option(ConnectionFactoryOptions.USER, user)
                .option(ConnectionFactoryOptions.PASSWORD, password)
                .option(ConnectionFactoryOptions.CONNECT_TIMEOUT, java.time.Duration.ofSeconds(5))
                .option(Option.valueOf("sslMode"), kind == Kind.MYSQL ? mysqlTls() : tls.text());
        return ConnectionFactories.get(options.build());
    }

    private String mysqlTls() {
        return switch (tls) {
            case DISABLE -> "DISABLED";
            case REQUIRE -> "REQUIRED";
            case VERIFY_CA -> "VERIFY_CA";
            case VERIFY_FULL -> "VERIFY_IDENTITY";
        };
    }

    /** The JDBC address of the migrations, without the credentials. */
    String forMigrations() {
        if (file != null) {
            return "jdbc:h2:file:" + file + ";" + h2Options();
        }
        Map<String, String> options = new LinkedHashMap<>();
        if (kind == Kind.MYSQL) {
            options.put("sslMode", tls == TlsMode.REQUIRE ? "trust" : tls.text());
            options.put("allowPublicKeyRetrieval", "true");
            options.put("connectTimeout", "10000");
        } else {
            options.put("sslmode", tls.text());
            options.put("connectTimeout", "10");
        }
        String query = options.entrySet().stream()
                .map(option -> option.getKey() + "=" + option.getValue())
                .collect(Collectors.joining("&"));
        String scheme = kind == Kind.MYSQL ? "jdbc:mariadb://" : "jdbc:postgresql://";
        return scheme + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port + "/"
                + name + "?" + query;
    }

    /**
     * WRITE_DELAY=0: a commit is in the file when it returns; the default of half a second would lose to {@code kill
     * -9} what the journal had already let go of.
     */
    private static String h2Options() {
        return "DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;QUERY_CACHE_SIZE=64";
    }

    @Override
    public String toString() {
        return isEmbedded() ? "embedded H2, " + file + ".mv.db" : kind + " at " + host + ":" + port + "/" + name;
    }
}
