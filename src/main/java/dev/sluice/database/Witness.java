package dev.sluice.database;

import org.jspecify.annotations.Nullable;
import org.springframework.r2dbc.core.DatabaseClient;
import reactor.core.publisher.Mono;

/**
 * Sees a change inside its transaction, and writes down what belongs to it: the change happens with that or not at all.
 *
 * @param <T> what is changed
 */
@FunctionalInterface
public interface Witness<T> {

    /**
     * @param before null: it was made
     * @param after null: it was deleted
     */
    Mono<Void> saw(DatabaseClient client, @Nullable T before, @Nullable T after);

    /** Both, one after the other. */
    default Witness<T> and(Witness<T> other) {
        return (client, before, after) -> saw(client, before, after).then(other.saw(client, before, after));
    }
}
