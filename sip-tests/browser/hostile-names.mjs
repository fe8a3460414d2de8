// Logs in and looks at calls whose names mean harm: node hostile-names.mjs URL LOGIN PASSWORD TEXT...
// Each TEXT must stand on the status page as it is. Ends with 1 when one does not, when a dialog opens, when anything is
// loaded from elsewhere, or when the browser complains, of its content security policy too.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password, ...texts] = process.argv.slice(2);
const PATIENCE_MS = 30_000;

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const complaints = [];
try {
  const page = await browser.newPage({ locale: "en" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  for (const text of texts) {
    await page.locator("#recent tr", { hasText: text }).first().waitFor();
  }
  const made = await page.locator("#recent img, #recent script, #recent svg").count();
  if (made > 0) complaints.push(`${made} elements were made of names`);
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);
