package dev.sluice.database;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Connections to a MySQL that is spoken to in the clear. After each start of its own it wants the whole password once,
 * encrypted ({@code caching_sha2_password}), which the pool's driver can do over TLS alone. The migrations' driver can
 * do it without, and whoever signed in that way is known for the pool's connections too.
 */
final class KnownPassword implements ConnectionFactory {
    /** Makes the server know the password. */
    interface Introduction {
        void make() throws SQLException;
    }

    private final ConnectionFactory connections;
    private final Introduction introduction;

    KnownPassword(ConnectionFactory connections, Introduction introduction) {
        this.connections = connections;
        this.introduction = introduction;
    }

    static ConnectionFactory of(ConnectionFactory connections, DatabaseAddress address) {
        return new KnownPassword(
                connections,
                () -> DriverManager.getConnection(address.forMigrations(), address.user(), address.password())
                        .close());
    }

    @Override
    public Publisher<? extends Connection> create() {
        Mono<Connection> one = Mono.defer(() -> Mono.from(connections.create()));
        return one.onErrorResume(
                R2dbcPermissionDeniedException.class,
                refused -> introduced(refused).then(one));
    }

    private Mono<Void> introduced(R2dbcPermissionDeniedException refused) {
        return Mono.<Void>fromCallable(() -> {
                    introduction.make();
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic())
                .onErrorMap(SQLException.class, error -> refused);
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return connections.getMetadata();
    }
}
