package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** How the console's files are served. */
class FilesTest {
    private static final Pattern FILE = Pattern.compile("(?:href|src)=\"(/console/[^\"]+)\"");
    private static final int MOST = 300_000;

    private final Gateway gateway = Gateway.shared();

    private Answer gets(String path, Map<String, String> headers) {
        return gateway.send("GET", path, headers, null);
    }

    private List<String> files() {
        return FILE.matcher(gets("/", Map.of()).expect(200).body())
                .results()
                .map((MatchResult found) -> found.group(1))
                .distinct()
                .toList();
    }

    private HttpResponse<byte[]> gzipped(String path) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(URI.create(gateway.url() + path))
                            .header("Accept-Encoding", "gzip")
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    @Test
    void theBareAddressIsTheConsole_underAPolicyWithoutExceptions() {
        Answer page = gets("/", Map.of()).expect(200);
        assertThat(page.header("Content-Type")).isEqualTo("text/html;charset=utf-8");
        assertThat(page.header("Content-Security-Policy"))
                .contains("default-src 'self'")
                .doesNotContain("unsafe");
        assertThat(page.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(page.body())
                .doesNotContain("style=")
                .doesNotContain("<style")
                .contains("main.js");
    }

    @Test
    void theFirstLoadIsSmall() throws Exception {
        long bytes = gzipped("/").body().length;
        for (String file : files()) {
            HttpResponse<byte[]> answer = gzipped(file);
            assertThat(answer.statusCode()).as(file).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Encoding")).as(file).contains("gzip");
            bytes += answer.body().length;
        }
        assertThat(bytes).as("compressed bytes of all files").isLessThan(MOST);
    }

    @Test
    void aFileIsKeptForEver_andIsTheSamePlainAndGzipped() throws Exception {
        String main = files().stream()
                .filter(file -> file.endsWith("/main.js"))
                .findFirst()
                .orElseThrow();
        Answer plain = gets(main, Map.of()).expect(200);
        assertThat(plain.header("Content-Type")).isEqualTo("text/javascript;charset=utf-8");
        assertThat(plain.header("Cache-Control")).contains("max-age=31536000").contains("immutable");
        assertThat(plain.header("Content-Encoding")).isNull();
        assertThat(plain.header("Vary")).contains("Accept-Encoding");
        try (GZIPInputStream unzipped =
                new GZIPInputStream(new ByteArrayInputStream(gzipped(main).body()))) {
            assertThat(new String(unzipped.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                    .isEqualTo(plain.body());
        }
        assertThat(gets(main, Map.of("Accept-Encoding", "br, gzip;q=0")).header("Content-Encoding"))
                .isNull();
    }

    @Test
    void whoHasThePageAlreadyIsToldSo() {
        String tag = gets("/", Map.of()).header("ETag");
        assertThat(gets("/", Map.of("If-None-Match", String.valueOf(tag))).status())
                .isEqualTo(304);
    }

    @Test
    void aFileOfAnotherRelease_andOneThatIsNotTheConsoles_areNotFound() {
        assertThat(gets("/console/0000000000000000/main.js", Map.of()).status()).isEqualTo(404);
        String folder = files().getFirst().replaceFirst("[^/]+$", "");
        assertThat(gets(folder + "application.yml", Map.of()).status()).isEqualTo(404);
        assertThat(gets(folder, Map.of()).status()).isEqualTo(404);
    }
}
