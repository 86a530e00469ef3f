package dev.sluice;

import dev.sluice.command.Reconcile;
import dev.sluice.command.RotateKey;
import java.util.Arrays;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import sun.misc.Signal;

/** The program: starts the gateway, or does what its first argument says. */
@SpringBootApplication(proxyBeanMethods = false)
public class Sluice {
    private static final int WRONG_USE = 2;

    public static void main(String[] arguments) {
        String command = arguments.length == 0 || arguments[0].startsWith("-") ? "" : arguments[0];
        switch (command) {
            case "" -> serve(arguments);
            case "reconcile" ->
                System.exit(Reconcile.run(System.out, System.err, Arrays.copyOfRange(arguments, 1, arguments.length)));
            case "rotate-key" ->
                System.exit(RotateKey.run(System.out, System.err, Arrays.copyOfRange(arguments, 1, arguments.length)));
            default -> {
                System.err.println("There is no command '" + command
                        + "'. Without one the gateway starts; there are: reconcile, rotate-key");
                System.exit(WRONG_USE);
            }
        }
    }

    private static void serve(String[] arguments) {
        // A JVM that is told to stop ends with 143; whoever told it wants to see that it ended well.
        Signal.handle(new Signal("TERM"), signal -> System.exit(0));
        SpringApplication.run(Sluice.class, arguments);
    }
}
