package dev.sluice;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The program: starts the gateway. */
@SpringBootApplication(proxyBeanMethods = false)
public class Sluice {
    public static void main(String[] arguments) {
        SpringApplication.run(Sluice.class, arguments);
    }
}
