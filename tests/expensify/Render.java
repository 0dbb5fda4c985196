import freemarker.template.Configuration;
import freemarker.template.Template;
import freemarker.template.TemplateExceptionHandler;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Renders a template over reports given as JSON, as Expensify's server would: args template, JSON. */
class Render {
    public static void main(String[] args) throws Exception {
        Configuration configuration = new Configuration(Configuration.VERSION_2_3_23);
        // German digit grouping, so that a number printed without ?c is noticed.
        configuration.setLocale(Locale.GERMANY);
        configuration.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
        String source = "<#assign reports = source?eval_json>" + Files.readString(Path.of(args[0]));
        Template template = new Template("reports", new StringReader(source), configuration);
        OutputStreamWriter out = new OutputStreamWriter(System.out, StandardCharsets.UTF_8);
        template.process(Map.of("source", Files.readString(Path.of(args[1]))), out);
        out.flush();
    }
}
