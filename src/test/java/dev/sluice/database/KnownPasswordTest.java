package dev.sluice.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.h2.H2ConnectionConfiguration;
import io.r2dbc.h2.H2ConnectionFactory;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** MySQL itself is asked by {@link DatabaseTlsTest}, where a run has one. */
class KnownPasswordTest {
    private final AtomicBoolean known = new AtomicBoolean();
    private final AtomicInteger introductions = new AtomicInteger();

    /** A server that knows nobody, and refuses with an error of its own. */
    private ConnectionFactory server(Supplier<RuntimeException> refusal) {
        ConnectionFactory real = new H2ConnectionFactory(
                H2ConnectionConfiguration.builder().inMemory("known").build());
        return new ConnectionFactory() {
            @Override
            public Publisher<? extends Connection> create() {
                return Mono.defer(() -> known.get() ? Mono.from(real.create()) : Mono.error(refusal.get()));
            }

            @Override
            public ConnectionFactoryMetadata getMetadata() {
                return real.getMetadata();
            }
        };
    }

    private void open(ConnectionFactory server, KnownPassword.Introduction introduction) {
        Mono.usingWhen(
                        new KnownPassword(server, introduction).create(),
                        connection -> Mono.from(connection.validate(io.r2dbc.spi.ValidationDepth.LOCAL)),
                        Connection::close)
                .block(Duration.ofSeconds(10));
    }

    @Test
    void introducesItself_andTriesAgain_whenItIsRefused() {
        ConnectionFactory server = server(() -> new R2dbcPermissionDeniedException("who is that?"));

        open(server, () -> known.set(introductions.incrementAndGet() == 1));
        open(server, () -> introductions.incrementAndGet());

        assertThat(introductions).hasValue(1);
    }

    @Test
    void saysWhyItWasRefused_whenTheIntroductionFailsToo() {
        ConnectionFactory server = server(() -> new R2dbcPermissionDeniedException("who is that?"));

        assertThatThrownBy(() -> open(server, () -> {
                    throw new SQLException("no");
                }))
                .hasMessage("who is that?");
    }

    @Test
    void bothersNobody_whoIsJustNotThere() {
        ConnectionFactory server = server(() -> new R2dbcTimeoutException("gone"));

        assertThatThrownBy(() -> open(server, introductions::incrementAndGet)).hasMessage("gone");
        assertThat(introductions).hasValue(0);
    }
}
