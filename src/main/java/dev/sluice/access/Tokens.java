package dev.sluice.access;

import dev.sluice.database.Changes;
import dev.sluice.database.Database;
import dev.sluice.database.Where;
import dev.sluice.database.Witness;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The tokens there are: from memory for whoever is in a hurry, from the database with their counters, and their changes. */
@Component
public final class Tokens {
    static final String PREFIX = "sk-";
    private static final String TABLE = "tokens";

    /** A token just made, with the key that is shown this once. */
    public record Made(Token token, Secret key) {}

    private final Register register;
    private final Database database;
    private final Changes changes;

    Tokens(Register register, Database database, Changes changes) {
        this.register = register;
        this.database = database;
        this.changes = changes;
    }

    /** From memory; its counters stand still. */
    public @Nullable Token known(long id) {
        return register.now().tokens().get(id);
    }

    /** With its counters as they are now. */
    public Mono<Token> find(long id) {
        return database.read(client -> TokenTable.find(client, id).flux()).next();
    }

    /** Newest first. */
    public Flux<Token> list(Where where, int limit) {
        return database.read(client -> TokenTable.list(client, where, limit));
    }

    /** Makes a token like the draft, whose id and key are yet to come. */
    public Mono<Made> create(Token draft, Witness<Token> witness) {
        Secret key = Secret.make(PREFIX);
        Token token = withKey(draft, key);
        return changes.write(
                Register.NAME,
                client -> TokenTable.insert(client, token)
                        .flatMap(id -> begun(client, id, token))
                        .flatMap(id -> TokenTable.find(client, id))
                        .flatMap(made -> witness.saw(client, null, made).thenReturn(made))
                        .map(made -> new Made(made, key)));
    }

    /** Nothing when there is no such token. What the change throws is passed on, and nothing is changed. */
    public Mono<Token> change(long id, UnaryOperator<Token> change, Witness<Token> witness) {
        return changes.write(
                Register.NAME,
                client -> TokenTable.find(client, id)
                        .flatMap(before -> update(client, before, change.apply(before))
                                .then(TokenTable.find(client, id))
                                .flatMap(after ->
                                        witness.saw(client, before, after).thenReturn(after))));
    }

    private static Mono<Long> begun(DatabaseClient client, long id, Token token) {
        return token.renewal().renews()
                ? RenewalTable.begin(client, TABLE, id, token.renewal(), token.updatedAt())
                        .thenReturn(id)
                : Mono.just(id);
    }

    private static Mono<Long> update(DatabaseClient client, Token before, Token after) {
        boolean same = after.renewal().alike(before.renewal());
        boolean finiteNow = before.quotaNanos() == null
                && after.quotaNanos() != null
                && after.renewal().renews();
        Mono<Long> updated = TokenTable.update(client, after);
        return same && !finiteNow
                ? updated
                : updated.then(RenewalTable.begin(client, TABLE, after.id(), after.renewal(), after.updatedAt()));
    }

    public Mono<Void> delete(long id, Witness<Token> witness) {
        return changes.write(
                        Register.NAME,
                        client -> TokenTable.find(client, id)
                                .flatMap(before -> TokenTable.delete(client, id)
                                        .then(witness.saw(client, before, null))
                                        .thenReturn(before)))
                .then();
    }

    private static Token withKey(Token draft, Secret key) {
        return new Token(
                0,
                draft.name(),
                key.hash(),
                key.hint(),
                draft.userId(),
                draft.enabled(),
                draft.expiresAt(),
                draft.quotaNanos(),
                0,
                draft.renewal(),
                draft.models(),
                draft.allowedIps(),
                draft.limits(),
                draft.cacheTtlSeconds(),
                null,
                draft.createdAt(),
                draft.updatedAt());
    }
}
