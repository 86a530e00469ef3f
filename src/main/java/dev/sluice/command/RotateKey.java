package dev.sluice.command;

import dev.sluice.access.SecondFactors;
import dev.sluice.channel.ChannelTable;
import dev.sluice.database.DataDirectory;
import dev.sluice.database.DatabaseVisit;
import dev.sluice.database.MasterKey;
import java.io.PrintStream;
import java.nio.file.Path;
import org.springframework.core.env.Environment;

/**
 * {@code java -jar sluice.jar rotate-key}: seals again, under a new master key, what the database holds sealed, all of it
 * or nothing. A generated key is made anew; one that is given comes as {@code SLUICE_SECRET_KEY}, and the one before it
 * as {@code SLUICE_OLD_SECRET_KEY}. Exit code 0: done; 2: nothing was changed.
 */
public final class RotateKey {
    private RotateKey() {}

    /** @return the exit code */
    public static int run(PrintStream out, PrintStream err, String... arguments) {
        return Errand.run("Cannot change the key.", "", err, arguments, (settings, visit) -> {
            out.println(rotate(settings, visit));
            return 0;
        });
    }

    /** The new key is kept before anything is sealed with it, and the old one until nothing is: whenever this ends, all opens. */
    private static String rotate(Environment settings, DatabaseVisit visit) {
        DataDirectory directory = new DataDirectory(Path.of(settings.getProperty("sluice.data-dir", "./data")));
        MasterKey key = MasterKey.next(settings, directory);
        String done = visit.database()
                .inTransaction(client -> ChannelTable.sealAgain(client, key)
                        .zipWhen(
                                channels -> SecondFactors.sealAgain(client, key),
                                (channels, factors) -> channels + " channels and " + factors + " second factors"))
                .block();
        MasterKey.settle(directory);
        return "Sealed " + done + " with the key " + key + ", in " + visit + ".";
    }
}
