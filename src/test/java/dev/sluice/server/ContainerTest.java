package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.convert.DurationStyle;
import org.yaml.snakeyaml.Yaml;

/**
 * What the files of the container promise, as far as it shows without an engine: the entrypoint is run with stand-ins
 * for the commands that need root, and says what it asked them.
 */
class ContainerTest {
    private static final Path DOCKERFILE = Path.of("docker/Dockerfile");

    @TempDir
    private Path scratch;

    private Path commands;
    private Path asked;
    private Path data;

    @BeforeEach
    void makeStandIns() throws IOException {
        commands = Files.createDirectory(scratch.resolve("bin"));
        asked = Files.createFile(scratch.resolve("asked"));
        data = scratch.resolve("data");
        command("id", "if [ $# -eq 2 ]; then echo 10001; else echo \"$UID_NOW\"; fi");
        command("stat", "echo \"$OWNER_NOW\"");
        command("chown", "echo chown \"$@\" >> " + asked);
        command("su-exec", "echo su-exec \"$1\" >> " + asked + "; shift; exec \"$@\"");
        command("java", "echo java $$ $(umask) \"$@\" >> " + asked);
    }

    private void command(String name, String body) throws IOException {
        Path file = Files.writeString(commands.resolve(name), "#!/bin/sh\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private record Run(long process, List<String> asked) {}

    private Run run(String uid, String owner, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("sh", "docker/entrypoint.sh"));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words).inheritIO();
        Map<String, String> environment = builder.environment();
        environment.put("PATH", commands + ":" + environment.get("PATH"));
        environment.put("SLUICE_DATA_DIR", data.toString());
        environment.put("UID_NOW", uid);
        environment.put("OWNER_NOW", owner);
        Process process = builder.start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return new Run(process.pid(), Files.readAllLines(asked));
    }

    private static String java(Run run) {
        return "java " + run.process + " 0077 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
                + " -jar /app/sluice.jar";
    }

    @Test
    void root_isDroppedAndTheDataGivenAway_beforeJavaStartsInTheFirstProcess() throws Exception {
        Run run = run("0", "0", "rotate-key");

        assertThat(run.asked)
                .containsExactly("chown -R sluice:sluice " + data, "su-exec sluice:sluice", java(run) + " rotate-key");
        assertThat(Files.getPosixFilePermissions(data)).hasToString("[OWNER_READ, OWNER_WRITE, OWNER_EXECUTE]");
    }

    @Test
    void root_leavesDataAsTheyAre_thatAreTheGatewaysOwn() throws Exception {
        Run run = run("0", "10001");

        assertThat(run.asked).containsExactly("su-exec sluice:sluice", java(run));
    }

    @Test
    void anotherUser_goesOnAsHeIs() throws Exception {
        Run run = run("4711", "0");

        assertThat(run.asked).containsExactly(java(run));
        assertThat(data).doesNotExist();
    }

    @Test
    void whatTheImageIsBuiltFrom_isNotKeptBackFromTheBuilder() throws Exception {
        List<String> ignore = Files.readAllLines(Path.of(".dockerignore"));
        List<String> copied = found(DOCKERFILE, "(?m)^COPY (?!--from)(?:--\\S+ )?(\\S+) \\S+$").stream()
                .filter(name -> !name.equals("."))
                .toList();

        assertThat(copied).containsExactly("docker/entrypoint.sh");
        assertThat(ignore).contains("*", "!docker/entrypoint.sh", "!.mvn", "!mvnw", "!pom.xml", "!src");
    }

    @Test
    void compose_passesOnOnlySettingsThatAreDocumented() throws Exception {
        String settings = Files.readString(Path.of("docs/settings.md"));
        Map<String, String> environment = at(compose(), "services", "sluice", "environment");

        assertThat(environment)
                .isNotEmpty()
                .allSatisfy((name, value) -> assertThat(settings).contains("`" + name + "`"));
    }

    @Test
    void grafana_asksOnlyForMetricsThatThereAre() throws Exception {
        String metrics = Files.readString(Path.of("docs/metrics.md"));
        List<String> asked = found(Path.of("docker/grafana/dashboards/sluice.json"), "\\b(sluice_[a-z_]+)");

        assertThat(asked)
                .isNotEmpty()
                .allSatisfy(name ->
                        assertThat(metrics).contains("`" + name.replaceAll("_(bucket|sum|count|max)$", "") + "`"));
    }

    @Test
    void compose_waitsLongerThanTheGatewayDrains() throws Exception {
        Map<String, String> environment = at(compose(), "services", "sluice", "environment");
        Map<String, Object> gateway = at(compose(), "services", "sluice");
        String drain = environment.get("SLUICE_DRAIN_TIMEOUT").replaceAll("^\\$\\{\\w+:-(.*)}$", "$1");

        assertThat(duration(gateway.get("stop_grace_period")))
                .isGreaterThan(duration(drain).plusSeconds(10));
    }

    @Test
    void compose_trustsTheAddressOfNginx_whichNoOtherContainerIsGiven() throws Exception {
        Map<String, String> environment = at(compose(), "services", "sluice", "environment");
        Map<String, String> nginx = at(compose(), "services", "nginx", "networks", "default");
        Map<String, Object> addresses = at(compose(), "networks", "default", "ipam");
        String range = ((Map<?, ?>) ((List<?>) addresses.get("config")).getFirst())
                .get("ip_range")
                .toString();

        String address = nginx.get("ipv4_address");
        assertThat(environment.get("SLUICE_TRUSTED_PROXIES")).endsWith(":-" + address + "/32}");
        // The upper half of a /24: an address below 128 is never given by chance.
        assertThat(range).endsWith(".128/25");
        assertThat(Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)))
                .isLessThan(128);
        assertThat(range.substring(0, range.lastIndexOf('.')))
                .isEqualTo(address.substring(0, address.lastIndexOf('.')));
    }

    @Test
    void compose_mountsFilesThatAreThere() throws Exception {
        List<String> mounted = found(Path.of("docker-compose.yaml"), "(?m)^ +- (\\./\\S+?):\\S+:ro$");

        assertThat(mounted)
                .hasSize(4)
                .allSatisfy(name -> assertThat(Path.of(name)).exists());
    }

    private static List<String> found(Path file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map((MatchResult each) -> each.group(1))
                .toList();
    }

    private static Map<String, Object> compose() throws IOException {
        return new Yaml().load(Files.readString(Path.of("docker-compose.yaml"), StandardCharsets.UTF_8));
    }

    @SuppressWarnings("unchecked") // The caller knows the file.
    private static <T> Map<String, T> at(Map<String, ?> tree, String... path) {
        Map<String, ?> here = tree;
        for (String name : path) {
            assertThat(here).containsKey(name);
            here = (Map<String, ?>) here.get(name);
        }
        return (Map<String, T>) here;
    }

    private static Duration duration(Object text) {
        return DurationStyle.detectAndParse(text.toString());
    }
}
