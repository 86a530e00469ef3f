package dev.sluice.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import org.springframework.core.io.support.ResourcePatternResolver;
import org.springframework.stereotype.Component;

/**
 * The console's files, in memory, plain and gzipped: the program's own and those of its libraries. All but the page live
 * under one version, the hash of them all, so that a browser may keep them for ever and never mixes two releases.
 */
@Component
final class ConsoleFiles {
    static final String PAGE = "index.html";

    private static final String OURS = "classpath*:console/**/*.*";

    /** A file out of a library's jar; its path has the version, which the jar itself tells. */
    private record Library(String name, String group, String artifact, String path) {}

    private static final List<Library> LIBRARIES = List.of(
            new Library("lib/preact.js", "org.webjars.npm", "preact", "webjars/preact/{version}/dist/preact.module.js"),
            new Library(
                    "lib/hooks.js", "org.webjars.npm", "preact", "webjars/preact/{version}/hooks/dist/hooks.module.js"),
            new Library("lib/htm.js", "org.mvnpm", "htm", "_static/htm/{version}/dist/htm.module.js"),
            new Library("lib/uplot.js", "org.webjars.npm", "uplot", "webjars/uplot/{version}/dist/uPlot.esm.js"),
            new Library("lib/uplot.css", "org.webjars.npm", "uplot", "webjars/uplot/{version}/dist/uPlot.min.css"));

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=utf-8",
            "js", "text/javascript;charset=utf-8",
            "css", "text/css;charset=utf-8",
            "svg", "image/svg+xml");

    /** One file as it goes out. */
    record File(String type, String hash, byte[] plain, byte[] gzipped) {
        static File of(String name, byte[] bytes) {
            String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
            return new File(type, ConsoleFiles.hash(bytes), bytes, gzip(bytes));
        }
    }

    private final Map<String, File> files = new TreeMap<>();
    private final String version;
    private final File page;

    ConsoleFiles() throws IOException {
        ResourcePatternResolver resolver = new PathMatchingResourcePatternResolver(ConsoleFiles.class.getClassLoader());
        for (Resource resource : resolver.getResources(OURS)) {
            String url = resource.getURL().toString();
            String name = url.substring(url.lastIndexOf("/console/") + "/console/".length());
            files.put(name, File.of(name, resource.getContentAsByteArray()));
        }
        for (Library library : LIBRARIES) {
            files.put(library.name, read(library));
        }
        String all = files.entrySet().stream()
                .map(file -> file.getKey() + " " + file.getValue().hash)
                .collect(Collectors.joining("\n"));
        version = hash(all.getBytes(StandardCharsets.UTF_8));
        page = withVersion();
    }

    /**
     * A browser resolves {@code import "preact"} by an import map alone, which is an inline script, and those the
     * Content-Security-Policy forbids. So the name becomes a path. Source maps are not served.
     */
    private static File read(Library library) throws IOException {
        Properties maven = PropertiesLoaderUtils.loadProperties(
                new ClassPathResource("META-INF/maven/" + library.group + "/" + library.artifact + "/pom.properties"));
        String path = library.path.replace("{version}", maven.getProperty("version"));
        String text = new ClassPathResource("META-INF/resources/" + path)
                .getContentAsString(StandardCharsets.UTF_8)
                .replace("from\"preact\"", "from\"./preact.js\"")
                .replaceFirst("(?m)^//# sourceMappingURL=.*$", "");
        return File.of(library.name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The page names the version, and all modules, for the browser to fetch at once and not import by import. */
    private File withVersion() {
        File template = files.remove(PAGE);
        if (template == null) {
            throw new IllegalStateException("The console's page is not on the class path.");
        }
        String modules = files.keySet().stream()
                .filter(name -> name.endsWith(".js"))
                .map(name -> "<link rel=\"modulepreload\" href=\"/console/" + version + "/" + name + "\">")
                .collect(Collectors.joining("\n    "));
        String html = new String(template.plain, StandardCharsets.UTF_8)
                .replace("{version}", version)
                .replace("{modules}", modules);
        return File.of(PAGE, html.getBytes(StandardCharsets.UTF_8));
    }

    /** What a browser opens; it is asked for each time, since it names the release. */
    File page() {
        return page;
    }

    /** A file of this release; null: there is none, or it is another release's. */
    @Nullable
    File find(String version, String name) {
        return version.equals(this.version) ? files.get(name) : null;
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return out.toByteArray();
    }
}
