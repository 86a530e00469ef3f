package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.testing.VendorCall;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Requests that no client would send, made from right ones with a fixed seed: each is answered or its connection is
 * closed, none meets a bug. {@code -Dfuzz.requests=} makes it longer, {@code -Dfuzz.seed=} another one.
 */
class RequestFuzzTest {
    private static final int REQUESTS = Integer.getInteger("fuzz.requests", 10_000);
    private static final long SEED = Long.getLong("fuzz.seed", 20_261_124L);
    private static final int WORKERS = 4;

    private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello, 世界 \\u00e9\"}]";
    private static final String[][] RIGHT = {
        {"/v1/chat/completions", "{\"model\":\"fuzz\",\"max_tokens\":5,\"stream\":false," + MESSAGES + "}"},
        {
            "/v1/chat/completions",
            "{\"model\":\"fuzz\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":1,"
                    + "\"user\":\"u\",\"prompt_cache_key\":\"k\"," + MESSAGES + "}"
        },
        {"/v1/completions", "{\"model\":\"fuzz\",\"prompt\":[\"a\",\"b\"],\"max_tokens\":5}"},
        {"/v1/embeddings", "{\"model\":\"fuzz\",\"input\":[\"a\",[1,2,3]],\"encoding_format\":\"float\"}"},
        {"/v1/moderations", "{\"input\":\"a\"}"},
        {
            "/v1/messages",
            "{\"model\":\"fuzz\",\"max_tokens\":5,\"metadata\":{\"user_id\":\"u\"},\"system\":[{\"type\":\"text\","
                    + "\"text\":\"s\"}],\"tools\":[{\"name\":\"t\",\"input_schema\":{\"type\":\"object\"}}]," + MESSAGES
                    + "}"
        },
        {
            "/v1/responses",
            "{\"model\":\"fuzz\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"}]}],"
                    + "\"tools\":[{\"type\":\"function\",\"name\":\"t\",\"parameters\":{}}],\"max_output_tokens\":20}"
        },
        {
            "/v1beta/models/fuzz:generateContent",
            "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},{\"inlineData\":{\"mimeType\":"
                    + "\"image/png\",\"data\":\"AAAA\"}}]}],\"generationConfig\":{\"maxOutputTokens\":5}}"
        },
    };
    private static final String[] SPLINTERS = {
        "null",
        "-1",
        "1e400",
        "99999999999999999999",
        "{}",
        "[]",
        "[[]]",
        "\"\"",
        "true",
        "\"\\ud800\"",
        "\u0000",
        "{",
        "}",
        "\"",
        "\\",
        ",",
        ":",
        "1e-7",
        "[{}]",
        "{\"type\":\"text\"}",
        "{\"a\":{\"b\":[]}}",
        "\ufeff",
        "\"model\":[],",
        "//",
        "NaN"
    };
    private static final String[] LINES = {
        "Content-Length: -1",
        "Content-Length: 5, 6",
        "Content-Length: 99999999999999999999",
        "Content-Length: abc",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunky",
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-Type: multipart/form-data; boundary=",
        "Content-Type: ",
        "Authorization: Basic Og==",
        "Authorization: Bearer",
        "Authorization:",
        "x-api-key: \u00e9",
        "Origin: null",
        "Expect: 100-continue",
        "Expect: nonsense",
        "Upgrade: websocket",
        "Upgrade: h2c\r\nHTTP2-Settings: AAA",
        "Connection: close, upgrade",
        ": x",
        "no colon",
        "Host: a\r\nHost: b",
        "X-Forwarded-For: ,,,,",
        "X-Forwarded-For: [::1",
        "Sec-WebSocket-Protocol: openai-insecure-api-key.",
        "Range: bytes=9-1",
        "Accept: */*;q=x",
        "Access-Control-Request-Headers: \u0001"
    };
    private static final String[] TARGETS = {
        "/v1/%zz",
        "/v1//chat/completions",
        "/v1/../api/users",
        "/v1/models/%00",
        "/v1/models/%f0%28%8c%28",
        "/v1beta/models/:",
        "/v1beta/models/a:b:c",
        "/v1/models/" + "a".repeat(3_000),
        "/v1/responses/resp_%2e%2e",
        "/v1?key=%",
        "/v1/chat/completions?key=%zz&key=",
        "*",
        "http://[",
        "/v1/chat/completions#x",
        "/v1/dashboard/billing/usage?start_date=x&end_date=%",
        "/v1/realtime",
        "/v1/responses/resp_a/cancel"
    };

    private static Gateway gateway;
    private static ScriptedVendor vendor;
    private static String key;

    @BeforeAll
    static void start() {
        vendor = ScriptedVendor.start();
        vendor.forKey("sk-vendor-key-1").always(RequestFuzzTest::answer);
        gateway = Gateway.shared();
        gateway.clearChannels();
        gateway.channel(vendor, "{\"models\":[\"fuzz\",\"omni-moderation-latest\"]}");
        key = gateway.token().key();
    }

    /** Streams only when the gateway does; null: as usual. */
    private static Script answer(VendorCall call) {
        if (call.text().startsWith("\ufeff")) {
            return Script.json(400, ScriptedVendor.error("a mark is no JSON", "invalid_request_error", "x"));
        }
        if (!call.path().endsWith("/chat/completions")) {
            return null;
        }
        return call.text().contains("\"stream\":true")
                ? Script.events(ScriptedVendor.chatStream("Hi", 1, 1))
                : Script.json(200, ScriptedVendor.chat("Hi", 1, 1));
    }

    @AfterAll
    static void stop() {
        gateway.clearChannels();
        vendor.close();
    }

    @Test
    void noRequestMeetsABug() throws Exception {
        List<Callable<List<String>>> work = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            Random random = new Random(SEED + i);
            work.add(() -> sent(random, REQUESTS / WORKERS));
        }
        List<String> wrong = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(WORKERS)) {
            for (Future<List<String>> each : workers.invokeAll(work)) {
                wrong.addAll(each.get());
            }
        }

        assertThat(wrong).isEmpty();
        gateway.call(key, RIGHT[0][1]).expect(200);
    }

    /** One connection after another, each as long as the gateway keeps it. */
    private static List<String> sent(Random random, int count) throws IOException {
        List<String> wrong = new ArrayList<>();
        Socket socket = null;
        InputStream in = null;
        for (int i = 0; i < count; i++) {
            if (socket == null) {
                socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(5_000);
                in = new BufferedInputStream(socket.getInputStream(), 16_384);
            }
            boolean badHead = random.nextInt(5) == 0;
            byte[] request = badHead ? head(random) : request(random);
            int status;
            try {
                socket.getOutputStream().write(request);
                if (badHead) {
                    socket.shutdownOutput(); // what comes of a broken head may be waiting for more
                }
                status = status(in);
            } catch (SocketTimeoutException e) {
                status = 0;
            } catch (IOException e) {
                status = -1; // closed: an answer too
            }
            if (status == 0 || status >= 500 && status != 501 && status != 505 || status < 0 && !badHead) {
                wrong.add(status + " to " + new String(request, UTF_8));
            }
            if (badHead || status <= 0) {
                socket.close();
                socket = null;
            }
        }
        if (socket != null) {
            socket.close();
        }
        return wrong;
    }

    /** Right in its head, and not in its body. */
    private static byte[] request(Random random) {
        String[] right = RIGHT[random.nextInt(RIGHT.length)];
        byte[] body = right[1].getBytes(UTF_8);
        for (int i = random.nextInt(3); i >= 0; i--) {
            body = broken(body, random);
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("POST " + right[0] + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key
                        + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n")
                .getBytes(ISO_8859_1));
        request.writeBytes(body);
        return request.toByteArray();
    }

    private static byte[] broken(byte[] body, Random random) {
        if (body.length < 2) {
            return body;
        }
        int from = random.nextInt(body.length);
        int to = Math.min(body.length, from + 1 + random.nextInt(12));
        byte[] splinter = SPLINTERS[random.nextInt(SPLINTERS.length)].getBytes(UTF_8);
        return switch (random.nextInt(7)) {
            case 0 -> Arrays.copyOf(body, from);
            case 1 -> joined(body, from, to, new byte[0]);
            case 2 -> joined(body, from, from, splinter);
            case 3 -> joined(body, from, from + 1, new byte[] {(byte) random.nextInt(256)});
            case 4 -> joined(body, from, from, Arrays.copyOfRange(body, from, to));
            case 5 -> value(body, random, splinter);
            default -> joined(body, from, from, "[".repeat(random.nextInt(700)).getBytes(UTF_8));
        };
    }

    /** Another value in the place of one: still JSON, but not what the field is for. */
    private static byte[] value(byte[] body, Random random, byte[] splinter) {
        String text = new String(body, UTF_8);
        int colon = text.indexOf("\":", random.nextInt(text.length()));
        if (colon < 0) {
            return joined(body, body.length, body.length, splinter);
        }
        int start = colon + 2;
        int end = start;
        int depth = 0;
        boolean quoted = false;
        for (; end < text.length(); end++) {
            char c = text.charAt(end);
            quoted ^= c == '"' && text.charAt(end - 1) != '\\';
            depth += quoted ? 0 : c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
            if (!quoted && (depth < 0 || depth == 0 && c == ',')) {
                break;
            }
        }
        return (text.substring(0, start) + new String(splinter, UTF_8) + text.substring(end)).getBytes(UTF_8);
    }

    private static byte[] joined(byte[] body, int from, int to, byte[] middle) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(body, 0, from);
        all.writeBytes(middle);
        all.write(body, to, body.length - to);
        return all.toByteArray();
    }

    /** Not right in its head. */
    private static byte[] head(Random random) {
        String body = RIGHT[0][1];
        String method = new String[] {
                    "POST", "GET", "PUT", "OPTIONS", "DELETE", "PATCH", "HEAD", "TRACE", "G\u00cbT", ""
                }
                [random.nextInt(10)];
        String target =
                random.nextBoolean() ? TARGETS[random.nextInt(TARGETS.length)] : RIGHT[random.nextInt(RIGHT.length)][0];
        String version = random.nextInt(6) == 0 ? "HTTP/9.9" : random.nextInt(6) == 0 ? "HTTP/1.0" : "HTTP/1.1";
        StringBuilder head = new StringBuilder(method + " " + target + " " + version + "\r\n");
        head.append(random.nextInt(4) == 0 ? "" : "Host: a\r\n");
        head.append(random.nextBoolean() ? "" : "Authorization: Bearer " + key + "\r\n");
        for (int i = random.nextInt(3); i >= 0; i--) {
            head.append(LINES[random.nextInt(LINES.length)]).append(random.nextInt(8) == 0 ? "\n" : "\r\n");
        }
        if (random.nextInt(10) == 0) {
            head.append("X-Long: ").append("a".repeat(20_000)).append("\r\n");
        }
        if (random.nextBoolean()) {
            head.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        head.append("\r\n").append(random.nextInt(3) == 0 ? "5\r\nhe\r\nzz\r\n" : body);
        byte[] bytes = head.toString().getBytes(random.nextBoolean() ? ISO_8859_1 : UTF_8);
        if (random.nextInt(4) == 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    /** Of a whole answer, whose body is read away; -1: none came. */
    private static int status(InputStream in) throws IOException {
        String first = line(in);
        int status = Integer.parseInt(first.split(" ", 3)[1]);
        long length = 0;
        boolean chunked = false;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            String lower = line.toLowerCase(java.util.Locale.ROOT);
            length = lower.startsWith("content-length:")
                    ? Long.parseLong(lower.substring(15).strip())
                    : length;
            chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
        }
        if (status == 100) {
            return status(in);
        }
        if (!chunked) {
            in.skipNBytes(length);
            return status;
        }
        for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
            in.skipNBytes(size);
            line(in);
        }
        line(in);
        return status;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("closed");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }
}
