package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Gateway;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.Socket;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class EntranceTest {
    /** The status of the answer; the connection stays for the next. */
    private static String ask(Socket connection) throws IOException {
        connection.setSoTimeout(10_000);
        connection.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(US_ASCII));
        BufferedReader answer = new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
        String status = answer.readLine();
        String line = answer.readLine();
        int length = 0;
        while (!line.isEmpty()) {
            if (line.toLowerCase().startsWith("content-length: ")) {
                length = Integer.parseInt(line.substring("content-length: ".length()));
            }
            line = answer.readLine();
        }
        assertThat(answer.skip(length)).isEqualTo(length);
        return status;
    }

    @Test
    void refusesNewConnections_andServesThoseThatAreOpen_onceItIsClosed() throws Exception {
        try (Gateway gateway = Gateway.start();
                Socket open = new Socket("127.0.0.1", gateway.port())) {
            assertThat(ask(open)).isEqualTo("HTTP/1.1 200 OK");

            gateway.bean(Entrance.class).close();

            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThatThrownBy(() -> new Socket("127.0.0.1", gateway.port()).close())
                            .isInstanceOf(ConnectException.class));
            assertThat(ask(open)).isEqualTo("HTTP/1.1 200 OK");
            new Socket("127.0.0.1", gateway.managementPort()).close(); // is not meant
        }
    }
}
