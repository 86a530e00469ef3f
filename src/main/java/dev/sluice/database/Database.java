package dev.sluice.database;

import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.function.Function;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.reactive.TransactionalOperator;
import org.springframework.transaction.support.DefaultTransactionDefinition;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * The door to the database: every room's SQL goes through {@link #read} or {@link #inTransaction}. Errors are Spring's
 * {@code DataAccessException}s, whatever the driver.
 */
public final class Database {
    /** No statement of the gateway's own takes so long on a healthy database; beyond it the database counts as gone. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final DatabaseClient client;
    private final TransactionalOperator transaction;
    private final TransactionalOperator snapshot;
    private final Scheduler scheduler;

    private final boolean numberedMarkers;

    /** @param scheduler where the driver may block (the embedded database's does), or the immediate one */
    Database(ConnectionFactory connections, Scheduler scheduler, boolean numberedMarkers) {
        this.client = DatabaseClient.create(connections);
        R2dbcTransactionManager transactions = new R2dbcTransactionManager(connections);
        this.transaction = TransactionalOperator.create(transactions, new DefaultTransactionDefinition());
        this.snapshot = TransactionalOperator.create(transactions, oneView());
        this.scheduler = scheduler;
        this.numberedMarkers = numberedMarkers;
    }

    /** How the driver marks the parameter of that place, counted from 0, in a statement that is not Spring's to translate. */
    public String marker(int index) {
        return numberedMarkers ? "$" + (index + 1) : "?";
    }

    public <T> Flux<T> read(Function<DatabaseClient, Flux<T>> work) {
        return Flux.defer(() -> work.apply(client)).timeout(PATIENCE).subscribeOn(scheduler);
    }

    private static TransactionDefinition oneView() {
        DefaultTransactionDefinition view = new DefaultTransactionDefinition();
        view.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        return view;
    }

    /**
     * Reads by several statements what was true at one moment.
     *
     * @param patience how long all of it may take
     */
    public <T> Mono<T> snapshot(Function<DatabaseClient, Mono<T>> reading, Duration patience) {
        return Mono.defer(() -> reading.apply(client))
                .as(snapshot::transactional)
                .timeout(patience)
                .subscribeOn(scheduler);
    }

    /** All of the work or none of it. */
    public <T> Mono<T> inTransaction(Function<DatabaseClient, Mono<T>> work) {
        return Mono.defer(() -> work.apply(client))
                .as(transaction::transactional)
                .timeout(PATIENCE)
                .subscribeOn(scheduler);
    }
}
