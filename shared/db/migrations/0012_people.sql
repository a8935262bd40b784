-- A row of an import is matched by every identifier it carries.
CREATE INDEX leads_sales_navigator_id ON leads (sales_navigator_id) WHERE sales_navigator_id IS NOT NULL;
