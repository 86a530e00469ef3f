package dev.sluice.access;

import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bearer tokens of the admin API: those that users made, and the fixed one of {@code SLUICE_ADMIN_TOKEN}. */
@Component
public final class AccessTokens {
    private static final String PREFIX = "sat-";
    private static final int SHORTEST_FIXED = 16;
    /** The time of last use is written no oftener. */
    private static final Duration USED_GRAIN = Duration.ofMinutes(1);

    /** An access token just made, with the secret that is shown this once. */
    public record Made(AccessToken token, Secret secret) {}

    private final Register register;
    private final Database database;
    private final Clock clock;
    private final byte[] fixedHash;

    AccessTokens(Register register, Database database, Clock clock, @Value("${sluice.admin-token}") String fixed) {
        if (!fixed.isEmpty() && fixed.length() < SHORTEST_FIXED) {
            throw new IllegalArgumentException("SLUICE_ADMIN_TOKEN has " + fixed.length() + " characters (expected: >= "
                    + SHORTEST_FIXED + ", or none)");
        }
        this.register = register;
        this.database = database;
        this.clock = clock;
        this.fixedHash = fixed.isEmpty() ? new byte[0] : bytes(fixed);
    }

    /** Whoever holds this bearer token; nobody when it is unknown or expired, or its user is disabled. */
    public Mono<Operator> identify(String bearer) {
        if (fixedHash.length > 0 && MessageDigest.isEqual(fixedHash, bytes(bearer))) {
            User root = register.now().root();
            return root == null ? Mono.empty() : Mono.just(Operator.of(root, Operator.Means.ADMIN_TOKEN, true, null));
        }
        if (!Secret.wellFormed(bearer, PREFIX, bearer.length())) {
            return Mono.empty();
        }
        Where where = new Where().equal("token_hash", Secret.hash(bearer));
        return database.read(client -> AccessTokenTable.list(client, where, 1))
                .next()
                .flatMap(this::operator);
    }

    private Mono<Operator> operator(AccessToken token) {
        User user = register.now().users().get(token.userId());
        long now = clock.millis();
        if (user == null || !user.enabled() || token.expiresAt() != null && token.expiresAt() <= now) {
            return Mono.empty();
        }
        Operator operator = Operator.of(user, Operator.Means.ACCESS_TOKEN, token.mayWrite(), null);
        if (token.lastUsedAt() != null && now - token.lastUsedAt() < USED_GRAIN.toMillis()) {
            return Mono.just(operator);
        }
        return database.inTransaction(client -> AccessTokenTable.used(client, token.id(), now))
                .thenReturn(operator);
    }

    public Mono<AccessToken> find(long id) {
        return list(new Where().equal("id", id), 1).next();
    }

    /** Newest first. */
    public Flux<AccessToken> list(Where where, int limit) {
        return database.read(client -> AccessTokenTable.list(client, where, limit));
    }

    /** Makes an access token like the draft, whose id and secret are yet to come. */
    public Mono<Made> create(AccessToken draft, Witness<AccessToken> witness) {
        Secret secret = Secret.make(PREFIX);
        AccessToken token = new AccessToken(
                0,
                draft.name(),
                secret.hint(),
                draft.userId(),
                draft.mayWrite(),
                draft.expiresAt(),
                null,
                draft.createdAt());
        return database.inTransaction(client -> AccessTokenTable.insert(client, token, secret.hash())
                        .flatMap(id -> AccessTokenTable.list(client, new Where().equal("id", id), 1)
                                .next())
                        .flatMap(made -> witness.saw(client, null, made).thenReturn(made)))
                .map(made -> new Made(made, secret));
    }

    public Mono<Void> delete(AccessToken token, Witness<AccessToken> witness) {
        return database.inTransaction(client -> AccessTokenTable.delete(client, token.id())
                .filter(rows -> rows > 0)
                .flatMap(rows -> witness.saw(client, token, null)));
    }

    private static byte[] bytes(String secret) {
        return Secret.hash(secret).getBytes(StandardCharsets.US_ASCII);
    }
}
