package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.RawCall;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may connect, for how long, and with how long a head. */
class ConnectionsTest {
    private static final Gateway gateway = Gateway.start(
            "sluice.connections-per-address=3", "sluice.trusted-proxies=127.0.0.9/32", "server.netty.idle-timeout=9s");

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private Socket from(String address) throws Exception {
        Socket socket = new Socket("127.0.0.1", gateway.port(), InetAddress.getByName(address), 0);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static String ask(Socket socket, String request) throws Exception {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return readToTheEnd(socket);
    }

    /** Loops take connections in no order among each other: after an answer it is surely taken. */
    private static Socket served(Socket socket) throws Exception {
        socket.getOutputStream().write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        StringBuilder heard = new StringBuilder();
        while (heard.indexOf("{\"status\":\"ok\"}") < 0) {
            int next = socket.getInputStream().read();
            assertThat(next).as(heard.toString()).isNotNegative();
            heard.append((char) next);
        }
        return socket;
    }

    private static String readToTheEnd(Socket socket) throws Exception {
        InputStream in = socket.getInputStream();
        return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }

    @Test
    void tellsOneConnectionTooMany_andLetsItComeWhenAnotherHasGone() throws Exception {
        List<Socket> open = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            open.add(served(from("127.0.0.2")));
        }

        try (Socket fourth = from("127.0.0.2")) {
            assertThat(ask(fourth, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .startsWith("HTTP/1.1 429 ")
                    .contains("retry-after: 1", "\"code\":\"rate_limit_exceeded\"");
        }
        try (Socket another = from("127.0.0.3")) {
            assertThat(ask(another, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200 ");
        }
        open.removeFirst().close();
        await().untilAsserted(() -> {
            try (Socket again = from("127.0.0.2")) {
                assertThat(ask(again, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                        .startsWith("HTTP/1.1 200 ");
            }
        });
        for (Socket each : open) {
            each.close();
        }
    }

    @Test
    void doesNotCount_atATrustedProxy() throws Exception {
        List<Socket> open = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            open.add(from("127.0.0.9"));
        }
        assertThat(ask(open.getLast(), "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
        for (Socket each : open) {
            each.close();
        }
    }

    @Test
    void closesAConnection_onWhichNothingIsAsked() throws Exception {
        try (Socket silent = from("127.0.0.4");
                Socket served = from("127.0.0.4")) {
            assertThat(ask(served, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 200");
            assertThat(readToTheEnd(silent)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET /v1/models HTTP/1.1,431",
        "GET /api/session HTTP/1.1,431",
        "GET /v1/models?$ HTTP/1.1,414",
        "GET /v1/models HTTP/9.9.9,400",
        "nonsense,400"
    })
    void refusesAHead_thatIsTooLongOrNone(String line, int status) throws Exception {
        String long9k = "a".repeat(9_000);
        String request = line.replace("$", long9k) + "\r\nHost: x\r\n"
                + (status == 431 ? "x-long: " + long9k + "\r\n" : "") + "\r\n";

        try (RawCall call = RawCall.send(gateway.port(), request.getBytes(StandardCharsets.US_ASCII))) {
            assertThat(call.status()).isEqualTo(status);
        }
    }
}
