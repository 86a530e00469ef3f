package dev.sluice;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import sun.misc.Signal;

/** The program: starts the gateway. */
@SpringBootApplication(proxyBeanMethods = false)
public class Sluice {
    public static void main(String[] arguments) {
        // A JVM that is told to stop ends with 143; whoever told it wants to see that it ended well.
        Signal.handle(new Signal("TERM"), signal -> System.exit(0));
        SpringApplication.run(Sluice.class, arguments);
    }
}
