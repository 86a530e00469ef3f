package dev.sluice.command;

import dev.sluice.database.DatabaseVisit;
import dev.sluice.ledger.Reconciliation;
import dev.sluice.ledger.Reconciliation.Unequal;
import dev.sluice.wire.Money;
import java.io.PrintStream;

/**
 * {@code java -jar sluice.jar reconcile}: holds each account's counter against the ledger, and starts no server. It uses
 * the settings of the gateway. Exit code 0: balanced; 1: not; 2: it could not be found out.
 */
public final class Reconcile {
    private static final int BALANCED = 0;
    private static final int UNEQUAL = 1;

    private Reconcile() {}

    /** @return the exit code */
    public static int run(PrintStream out, PrintStream err, String... arguments) {
        return Errand.run(
                "Cannot reconcile.",
                ", or ask it: GET /api/reconciliation",
                err,
                arguments,
                (settings, visit) -> reconcile(out, visit));
    }

    private static int reconcile(PrintStream out, DatabaseVisit visit) {
        Reconciliation.Result result =
                new Reconciliation(visit.database()).run().block();
        if (result == null) {
            throw new IllegalStateException("the database said nothing");
        }
        result.unequal().forEach(account -> out.println(line(account)));
        out.println(
                result.balanced()
                        ? "Balanced: " + result.accounts() + " accounts, in " + visit + "."
                        : "Not balanced: " + result.unequal().size() + " of " + result.accounts()
                                + " accounts differ from the ledger, in " + visit + ".");
        return result.balanced() ? BALANCED : UNEQUAL;
    }

    private static String line(Unequal account) {
        return account.kind() + " " + account.id() + ": used_usd "
                + Money.usd(account.usedNanos()).toPlainString() + ", ledger_usd "
                + Money.usd(account.ledgerNanos()).toPlainString();
    }
}
