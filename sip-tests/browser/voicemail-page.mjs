// Logs in and works with a message: node voicemail-page.mjs URL LOGIN PASSWORD. Needs NODE_PATH with playwright-core.
// Finds the one message, hears it to its end, marks it with the keyboard alone, refuses to delete it once, and then
// deletes it. Ends with 1 and says why when something does not come or the page complains.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { chromium } = require(`${process.env.TANDEM_TEST_NODE_PATH}/playwright-core`);
const [url, login, password] = process.argv.slice(2);
const PATIENCE_MS = 20_000;

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
});
const complaints = [];
let asked = 0;
let sure = false;
try {
  const page = await browser.newPage({ locale: "es", timezoneId: "America/Bogota" });
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("dialog", (dialog) => {
    asked += 1;
    return sure ? dialog.accept() : dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`from elsewhere: ${request.url()}`);
  });

  await page.goto(url);
  await page.fill("#login", login);
  await page.fill("#password", password);
  await page.click("button[type=submit]");
  await page.click("a[href='/admin/voicemail']");
  await page.locator("h2", { hasText: "Buzón de voz" }).waitFor();
  const row = page.locator("#messages tr", { hasText: "1002" });
  await row.locator(".state", { hasText: "nuevo" }).waitFor();

  await row.locator("audio").evaluate((audio) => audio.play());
  await row.locator(".state", { hasText: "escuchado" }).waitFor();

  // By the keyboard alone: the focus stays at the button.
  await row.locator("[data-act='urgent']").focus();
  await page.keyboard.press("Enter");
  await row.locator(".state", { hasText: "urgente" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.dataset.act === "urgent");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await row.locator(".state", { hasText: "nuevo, urgente" }).waitFor();

  const away = row.locator("[data-act='delete']");
  await away.click();
  if (!(await row.isVisible())) complaints.push("deleted although the answer was no");
  sure = true;
  await away.click();
  await page.locator("#messages .empty").waitFor();
  if (asked !== 2) complaints.push(`asked ${asked} times`);
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);
